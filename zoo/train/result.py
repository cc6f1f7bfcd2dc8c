"""What a run ends in: a folder with weights and a card that says how they came about."""

import shutil
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
from .told import Run, told

OF_OTHER_WEIGHTS = ("model-index", "datasets")  # keys of a card that new weights do not inherit


def write_result(run: Run, module: nn.Module, out: Path) -> None:
    """Weights, and a card with what was measured while they were trained."""
    seed = run.facts["seed"]
    write_checkpoint(run.card, module, out, told(run, out), seed=seed, origin=run.origin)


def write_checkpoint(
    card: Card,
    module: nn.Module,
    out: Path,
    text: str,
    *,
    seed: int,
    origin: Card | None = None,
) -> None:
    """A folder that ``zoo.load`` takes: new weights of a card's networks, in half precision where
    that holds them.

    Args:
        card: whose configuration the weights fit. Its results and data are not taken over, and the
            ids of the new weights have a meaning of their own.
        module: the networks.
        out: the folder, which is there.
        text: the new card's text, in Markdown.
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
    front = rewrite_card(card, {**dict.fromkeys(replaced), kept: whole}, same_ids=False)
    front = with_licence_of(front, str(card.path), origin or card)
    front = without_keys(front, str(card.path), OF_OTHER_WEIGHTS)
    front = front[: front.index("\n---", 3)]
    with atomic_write(out / "README.md") as temporary:
        temporary.write_text(f"{front}\n---\n\n{text}", encoding="utf-8")
