"""A checkpoint without a codebook and a folder of media -> a checkpoint with one."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from .atomic import atomic_write
from .cards import Card
from .errors import MediaError, NotSupportedError
from .families import family_module
from .files.checksum import sha256_of
from .files.rewrite import rewrite_card, rewrite_facts
from .loading import OUR_FORMAT, load, load_random
from .media.listing import list_entries
from .tokenizer import Tokenizer
from .version import __version__
from .weights import save_checkpoint

WEIGHTS = "model.safetensors"


def fit_checkpoint(
    card: Card,
    data: Path,
    folder: Path,
    *,
    options: Mapping[str, Any],
    half: bool = False,
    offline: bool | None = None,
    random_weights: bool = False,
    progress: bool = False,
) -> Path:
    """Fit a codebook to the media below ``data``; ``zoo.load(folder)`` then encodes and decodes.

    Args:
        card: of a checkpoint whose family has a module ``codebook_checkpoint``.
        data: folder of media of the card's modality, and tar files of them.
        folder: where card and weights go; made if it does not exist.
        options: fields of the family's ``Fitting``.
        half: store float16, for half the size.
        offline: as in ``zoo.load``.
        random_weights: of the network, for tests.
        progress: show a bar.

    Raises:
        NotSupportedError: for a family that fits none, and a checkpoint that has ids.
        MediaError: for media that cannot be read, or too few.
    """
    home = f"{family_module(card.family).__name__}.codebook_checkpoint"
    try:
        family = import_module(home)
    except ModuleNotFoundError as error:
        if error.name != home:
            raise
        raise NotSupportedError(f"{card.name}: {card.family} checkpoints fit no codebook") from None
    place = str(card.path) if card.path.is_file() else card.name
    tok = load_random(place) if random_weights else load(place, offline=offline)
    model, facts = family.fit(tok, _windows(tok, data, progress), family.Fitting(**options))

    folder.mkdir(parents=True, exist_ok=True)
    stored = {"checkpoint": card.name, "zoo": __version__}
    dtype = torch.float16 if half else None
    save_checkpoint(model, folder / WEIGHTS, stored, dtype)
    parts: dict[str, dict[str, Any] | None] = {
        part.name: None for part in card.source if part.role != "lazy"
    }
    parts[next(iter(parts))] = {
        "name": "model",
        "role": "both",
        "file": WEIGHTS,
        "sha256": sha256_of(folder / WEIGHTS),
        "format": OUR_FORMAT,
    }
    text = rewrite_card(card, parts, same_ids=False)
    count = sum(parameter.numel() for parameter in model.parameters())
    facts = facts | {"can_encode": True, "can_decode": True, "parameters": count}
    text = rewrite_facts(text, str(card.path), facts) + _note(card, data, options)
    with atomic_write(folder / "README.md") as temporary:  # last: no card, no checkpoint
        temporary.write_text(text, encoding="utf-8")
    return folder


def _windows(tok: Tokenizer, data: Path, progress: bool) -> Iterator[Tensor]:
    entries = list(list_entries(data, tok.modality))
    if not entries:
        raise MediaError(f"{data}: there is no {tok.modality} in this folder")
    for entry in tqdm(entries, "reading", disable=not progress, leave=False):
        try:
            for piece in tok.pieces(entry.read()):
                yield piece.tensor
        except MediaError as error:
            raise MediaError(f"{entry.label}: {error}") from error


def _note(card: Card, data: Path, options: Mapping[str, Any]) -> str:
    given = ", ".join(f"{name} {value}" for name, value in options.items())
    return (
        f"\n## Codebook\n\n{card.name} with a codebook that `zoo fit-codebook` fitted to the "
        f"{card.modality} files of a folder named {data.name!r} ({given}). What is said above of "
        "ids is about the checkpoint without it.\n"
    )
