"""Published files -> a folder with one safetensors in our names, loaded like any checkpoint."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from .atomic import atomic_write
from .cards import Part
from .errors import NotSupportedError
from .families import family_class
from .files import fetch_extra, resolve
from .files.checksum import sha256_of
from .files.rewrite import rewrite_card
from .loading import OUR_FORMAT, build_module, key_table, read_config, source_content
from .registry import find
from .tokenizer import Tokenizer
from .version import __version__
from .weights import fill, read_tensors, save_checkpoint

WEIGHTS = "model.safetensors"


def convert(
    name: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
    dtype: torch.dtype | None = None,
    offline: bool | None = None,
) -> Path:
    """Merge a checkpoint's files into one; ``zoo.load(folder)`` then gives the same ids.

    Args:
        name: of a checkpoint, as ``zoo.load`` takes it.
        folder: where card and weights go; made if it does not exist.
        files: files that are here already, by the name of the card's part, instead of its own.
        dtype: to store the weights in, such as ``torch.float16`` for half the size; fp32 by
            default. Narrower ones may change ids.
        offline: as in ``zoo.load``.

    Returns:
        The folder. The names of tensors that were left out stand in the file's metadata.

    Raises:
        NotSupportedError: for a part that the checkpoint has not.
        ZooError: as ``zoo.load`` for names and weights that cannot be had or do not fit.
    """
    card, target = find(name, offline=offline), Path(folder)
    family = family_class(card.family)
    given = {part: Path(path) for part, path in (files or {}).items()}
    parts = [part for part in card.source if part.role != "lazy"]
    for part in given:
        if part not in [own.name for own in parts]:
            known = ", ".join(own.name for own in parts)
            raise NotSupportedError(f"{card.name} has no part {part!r} to convert; it has {known}")
    paths = {
        part.name: given.get(part.name) or resolve(part, card, offline=offline) for part in parts
    }
    sources = [_read(family, part, paths[part.name]) for part in parts]
    tables = [key_table(family, part.format) for part in parts]
    content = source_content(card, paths, None, offline)
    config = read_config(card, family.source_config(content) if card.config_from else {})
    module = build_module(family, config, meta=True)
    report = fill(module, sources, tables, where=card.name)
    target.mkdir(parents=True, exist_ok=True)
    facts = {
        "checkpoint": card.name,
        "zoo": __version__,
        "left_out": " ".join(sorted(key for key, _ in report.dropped)),
    }
    save_checkpoint(module, target / WEIGHTS, facts, dtype)
    if card.config_from is not None:
        part = card.part(card.config_from.part)
        beside = fetch_extra(part, card.config_from.file, card, offline=offline)
        with atomic_write(target / card.config_from.file) as temporary:
            shutil.copyfile(beside, temporary)
    kept = card.config_from.part if card.config_from else parts[0].name
    merged = {
        "name": kept,
        "role": "both",
        "file": WEIGHTS,
        "sha256": sha256_of(target / WEIGHTS),
        "format": OUR_FORMAT,
    }
    others = {part.name: None for part in parts if part.name != kept}
    with atomic_write(target / "README.md") as temporary:  # last: no card, no checkpoint
        temporary.write_text(rewrite_card(card, {**others, kept: merged}), encoding="utf-8")
    return target


def _read(family: type[Tokenizer], part: Part, path: Path) -> Mapping[str, Tensor]:
    if part.format in family.converters:
        return family.converters[part.format](path, part.name)
    return read_tensors(path, part.unwrap)
