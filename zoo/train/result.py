"""What a run ends in: a folder with weights and a card that says how they came about."""

import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ..atomic import atomic_write
from ..cards import Card
from ..files.checksum import sha256_of
from ..files.resolve import fetch_extra
from ..files.rewrite import rewrite_card, with_licence_of, without_keys
from ..version import __version__
from ..weights import save_checkpoint
from .recipe import Stage
from .report import last_validation
from .start import Start

OF_OTHER_WEIGHTS = ("model-index", "datasets")  # keys of a card that new weights do not inherit


@dataclass(frozen=True)
class Run:
    """The facts of a run that its card tells."""

    card: Card
    data: str  # the folder's name
    items: int  # of media, for training and for validation
    held_out: int
    judged: int  # held-out items, or windows of them, that the figures are of
    seed: int
    processes: int
    start: Start
    stages: Sequence[Stage]


def write_result(run: Run, module: nn.Module, out: Path) -> None:
    """Weights in half precision, and a card with what was measured while they were trained."""
    told = _told(run, out)
    write_checkpoint(run.card, module, out, told, seed=run.seed, origin=run.start.card)


def write_checkpoint(
    card: Card,
    module: nn.Module,
    out: Path,
    told: str,
    *,
    seed: int,
    origin: Card | None = None,
) -> None:
    """A folder that ``zoo.load`` takes: new weights of a card's networks, in half precision.

    Args:
        card: whose configuration the weights fit. Its results and data are not taken over, and the
            ids of the new weights have a meaning of their own.
        module: the networks.
        out: the folder, which is there.
        told: the new card's text, in Markdown.
        seed: of the training, for the weights' metadata.
        origin: of the weights that training started from, whose licence holds for the new ones.
    """
    weights = out / "model.safetensors"
    facts = {"checkpoint": card.name, "zoo": __version__, "seed": str(seed)}
    save_checkpoint(module, weights, facts, dtype=torch.float16)
    replaced = [part.name for part in card.source if part.role != "lazy"]
    kept = card.config_from.part if card.config_from else replaced[0]
    whole = {
        "name": kept,
        "role": "both",
        "file": weights.name,
        "sha256": sha256_of(weights),
        "format": "zoo",
    }
    if card.config_from is not None:
        beside = fetch_extra(card.part(kept), card.config_from.file, card)
        with atomic_write(out / card.config_from.file) as temporary:
            shutil.copyfile(beside, temporary)
    text = rewrite_card(card, {**dict.fromkeys(replaced), kept: whole}, same_ids=False)
    text = with_licence_of(text, str(card.path), origin or card)
    text = without_keys(text, str(card.path), OF_OTHER_WEIGHTS)
    front = text[: text.index("\n---", 3)]
    with atomic_write(out / "README.md") as temporary:
        temporary.write_text(f"{front}\n---\n\n{told}", encoding="utf-8")


def _told(run: Run, out: Path) -> str:
    start = run.start.card
    origin = "random weights" if start is None else f"the weights of {start.name}"
    stages = [
        f"| {s.name} | {s.steps} | {s.batch_size} | {s.learning_rate:g} | {s.precision} | "
        f"{_minutes(out / s.name)} |"
        for s in run.stages
    ]
    figures = [
        f"| {s.name} | {name} | {value:.5g} |"
        for s in run.stages
        for name, value in last_validation(out / s.name).get("validation", {}).items()
    ]
    judged = "videos' windows" if run.card.modality == "video" else "items"
    return "\n".join(
        [
            f"# {run.card.name}, trained on {run.data}",
            "",
            f"Made by `zoo train {run.card.name}` (zoo {__version__}, torch {torch.__version__}) from "
            f"{origin}, seed {run.seed}, on {run.items} items of `{run.data}`; {run.held_out} others "
            f"were held out. {run.processes} process(es) on {_hardware()}.",
            "",
            "| stage | steps | batch of a process | learning rate | precision | minutes |",
            "|---|---|---|---|---|---|",
            *stages,
            "",
            f"By the training itself, on {run.judged} of the held-out {judged}, after each "
            "stage's last step:",
            "",
            "| stage | figure | value |",
            "|---|---|---|",
            *figures,
            "",
            "`zoo eval FOLDER TASK --data DIR` measures the finished checkpoint. The licence above is "
            f"that of {(start or run.card).name}: before you share the weights, say under which "
            "terms the data stand.",
            "",
        ]
    )


def _minutes(stage: Path) -> str:
    seconds = last_validation(stage).get("seconds")
    return "unknown" if seconds is None else f"{seconds / 60:.1f}"


def _hardware() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{platform.machine()} CPU, {torch.get_num_threads()} thread(s)"
