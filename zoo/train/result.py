"""What a run ends in: a folder with weights and a card that says how they came about."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ..atomic import atomic_write
from ..cards import Card
from ..files.checksum import sha256_of
from ..files.rewrite import rewrite_card, without_keys
from ..version import __version__
from ..weights import save_checkpoint
from .recipe import Stage
from .report import last_validation

OF_OTHER_WEIGHTS = ("model-index", "datasets")  # keys of a card that new weights do not inherit


@dataclass(frozen=True)
class Run:
    """The facts of a run that its card tells."""

    card: Card
    data: str  # the folder's name
    items: int
    held_out: int
    seed: int
    processes: int
    start: str | None
    stages: Sequence[Stage]


def write_result(run: Run, module: nn.Module, out: Path) -> None:
    """Weights in half precision, and a card with what was measured while they were trained."""
    write_checkpoint(run.card, module, out, _told(run, out), seed=run.seed)


def write_checkpoint(card: Card, module: nn.Module, out: Path, told: str, *, seed: int) -> None:
    """A folder that ``zoo.load`` takes: new weights of a card's networks, in half precision.

    Args:
        card: whose configuration the weights fit. Its results and data are not taken over, and the
            ids of the new weights have a meaning of their own.
        module: the networks.
        out: the folder, which is there.
        told: the new card's text, in Markdown.
        seed: of the training, for the weights' metadata.
    """
    weights = out / "model.safetensors"
    facts = {"checkpoint": card.name, "zoo": __version__, "seed": str(seed)}
    save_checkpoint(module, weights, facts, dtype=torch.float16)
    part = {
        "name": card.source[0].name,
        "role": "both",
        "file": weights.name,
        "sha256": sha256_of(weights),
        "format": "zoo",
    }
    text = rewrite_card(card, {card.source[0].name: part}, same_ids=False)
    text = without_keys(text, str(card.path), OF_OTHER_WEIGHTS)
    front = text[: text.index("\n---", 3)]
    with atomic_write(out / "README.md") as temporary:
        temporary.write_text(f"{front}\n---\n\n{told}", encoding="utf-8")


def _told(run: Run, out: Path) -> str:
    origin = "random weights" if run.start is None else f"the weights of {run.start}"
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
            "On the held-out items, by the training itself, after each stage's last step:",
            "",
            "| stage | figure | value |",
            "|---|---|---|",
            *figures,
            "",
            "`zoo eval FOLDER TASK --data DIR` measures the finished checkpoint. The licence above is "
            "that of the card this one was made from: before you share the weights, say under which "
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
