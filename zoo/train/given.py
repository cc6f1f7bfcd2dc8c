"""What a call of ``zoo train`` was given that the weights depend on, as plain values."""

import hashlib
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

from ..cards import Card
from ..files.checksum import sha256_of
from ..media.listing import Entry
from ..version import __version__
from ..weights import metadata
from .recipe import Recipe, Stage
from .start import Start


def facts_of_run(
    card: Card,
    data: Path,
    training: list[Entry],
    held_out: list[Entry],
    plan: Recipe,
    recipe: Path | None,
    start: Start,
) -> dict[str, Any]:
    """What all stages have in common. Folders may move: data count by name and size of files."""
    return {
        "card": card.name,
        "config": _plain(asdict(start.config)),
        "data": {
            "name": data.resolve().name,
            "items": len(training),
            "held_out": len(held_out),
            "files": _listing(data, [*training, *held_out]),
        },
        "seed": plan.seed,
        "margin": plan.margin,
        "recipe": recipe and recipe.name,
        "start": start.name and {"name": _shown(start.name), "weights": start.digest},
    }


def facts_of_stage(stage: Stage, teacher: Path | None) -> dict[str, Any]:
    """A stage's numbers; its teacher by hash."""
    facts = _plain(asdict(stage))
    if teacher is not None and "teacher" in stage.options:
        accuracy = metadata(teacher).get("accuracy", "")
        told = {"name": teacher.name, "sha256": sha256_of(teacher), "accuracy": accuracy}
        facts["options"]["teacher"] = told
    return facts


def facts_of_call(processes: PartialState, device: str | None) -> dict[str, Any]:
    """On what a call runs."""
    on_gpu = processes.device is not None and processes.device.type == "cuda"
    cpu = f"{platform.machine()} CPU, {torch.get_num_threads()} thread(s)"
    return {
        "processes": processes.num_processes,
        "hardware": torch.cuda.get_device_name() if on_gpu else cpu,
        "device": device,
        "zoo": __version__,
        "torch": str(torch.__version__),
    }


def _listing(data: Path, entries: list[Entry]) -> str:
    names = [
        f"{e.path.relative_to(data).as_posix()}:{e.member}:"
        f"{e.size if e.member else e.path.stat().st_size}"
        for e in entries
    ]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def _shown(name: str) -> str:
    """A checkpoint's name, or its folder's; where that folder lies is nobody's business."""
    return Path(name).resolve().name if Path(name).exists() else name


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(values))
