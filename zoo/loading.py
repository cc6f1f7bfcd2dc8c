"""``zoo.load``: a name -> its card -> its family's networks, filled with its weights."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .cards import Card
from .errors import CheckpointCorruptError, NotSupportedError
from .families import family_class
from .files import fetch_extra, resolve
from .registry import find, is_registered
from .tokenizer import Tokenizer
from .typed import from_mapping
from .weights import SAME, KeyTable, fill, metadata, read_tensors

VERBS = ("encode", "decode")
OUR_FORMAT = "zoo"  # our own names: no key table needed

_announced: set[str] = set()


def load(
    name: str | os.PathLike[str],
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    only: str | None = None,
    revision: str | None = None,
    offline: bool | None = None,
    compile: bool = False,
) -> Tokenizer:
    """Load a tokenizer, ready to use: evaluation mode, fp32 by default, no global state touched.

    >>> tok = zoo.load("flextok-tiny")
    >>> tok.vocab_sizes
    (64000,)

    Args:
        name: a name of ``zoo.list_models()``, an alias, a local folder with a card, or
            ``"hf:owner/repo"``.
        device: where the networks go.
        dtype: number format of the weights; ``torch.bfloat16`` may change ids.
        only: ``"encode"`` or ``"decode"``: load what that verb needs and nothing else.
        revision: branch, tag or commit instead of the card's.
        offline: True never asks the Hub; by default HF_HUB_OFFLINE decides.
        compile: compile the networks on first use.

    Raises:
        UnknownTokenizerError: with near names.
        CheckpointUnavailableError: with the bundled checkpoints that would work.
        CheckpointCorruptError: for weights that are not what the card says.
        NotSupportedError: for a verb the checkpoint has not.
    """
    if only is not None and only not in VERBS:
        raise NotSupportedError(f"only={only!r}; expected 'encode', 'decode' or nothing")
    check_place(device, dtype)
    card = find(name, revision=revision, offline=offline)
    if only is not None and not getattr(card, f"can_{only}"):
        raise NotSupportedError(f"{card.name} cannot {only}, so only={only!r} leaves nothing")
    family = family_class(card.family)
    for part in card.source:
        if part.format in family.converters:
            raise NotSupportedError(
                f"{card.name}: its part {part.name!r} is published in a form ({part.format}) that is "
                f"not read at load; run 'zoo convert {card.name} DIR' once and load DIR"
            )
    paths = {
        part.name: resolve(part, card, revision=revision, offline=offline)
        for part in card.source
        if part.role in ("both", only or part.role) and part.role != "lazy"
    }
    content = source_content(card, paths, revision, offline)
    config = read_config(card, family.source_config(content) if card.config_from else {})
    module = build_module(family, config, only=only, meta=True)
    tables = [key_table(family, card.part(name).format) for name in paths]
    sources = [read_tensors(path, unwrap=card.part(n).unwrap) for n, path in paths.items()]
    wanted = tuple(module.state_dict()) if only else ()
    fill(module, sources, tables, wanted=wanted, dtype=dtype, where=card.name)
    _announce(card)
    arguments = {"name": _lasting(name), "only": only, "revision": revision, "offline": offline}
    return _finish(family, card, config, module, only, device, compile, (load, arguments))


def load_random(
    name: str | os.PathLike[str],
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    compile: bool = False,
) -> Tokenizer:
    """Build a card's tokenizer with random weights: for benchmarks and tests, never for use."""
    card = find(name)
    family = family_class(card.family)
    config = read_config(card, family.stand_ins)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = build_module(family, config).to(dtype=dtype)
    arguments = {"name": _lasting(name), "seed": seed}
    return _finish(family, card, config, module, None, device, compile, (load_random, arguments))


def read_config(card: Card, from_source: Mapping[str, Any]) -> Any:
    """The family's configuration: the card's fields, and those a file of the source must give."""
    content = dict(card.config)
    for field in card.config_from.fields if card.config_from else ():
        if field not in from_source:
            assert card.config_from is not None
            raise CheckpointCorruptError(
                f"{card.name}: {card.config_from.file} of the source has no {field!r}, which the "
                "card expects there; without it the results would be wrong"
            )
        content[field] = from_source[field]
    return from_mapping(family_class(card.family).config_type, content, card.at("zoo.config"))


def build_module(
    family: type[Tokenizer], config: Any, *, only: str | None = None, meta: bool = False
) -> nn.Module:
    """Construct a family's networks, without what the other verb alone would need."""
    with torch.device("meta") if meta else nullcontext():
        module = family.build(config)
    left_out = {"encode": family.decode_parts, "decode": family.encode_parts}.get(only or "", ())
    for path in left_out:
        parent, _, name = path.rpartition(".")
        setattr(module.get_submodule(parent), name, None)
    return module


def source_content(
    card: Card, paths: Mapping[str, Path], revision: str | None, offline: bool | None
) -> Mapping[str, Any]:
    """The source's own configuration: its file, or else the safetensors metadata."""
    if card.config_from is None:
        return {}
    part = card.part(card.config_from.part)
    path = fetch_extra(part, card.config_from.file, card, revision=revision, offline=offline)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointCorruptError(f"{card.name}: {path} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointCorruptError(f"{card.name}: {path} holds no mapping")
    weights = paths.get(part.name)  # missing where only= needs nothing of it
    stored = metadata(weights) if weights and weights.suffix == ".safetensors" else {}
    return {**stored, **content}


def key_table(family: type[Tokenizer], name: str) -> KeyTable:
    """The family's table for a source format; CheckpointCorruptError for one it does not know."""
    if name == OUR_FORMAT:
        return SAME
    if name not in family.formats:
        known = ", ".join([OUR_FORMAT, *family.formats])
        raise CheckpointCorruptError(f"{family.__name__} reads formats {known}; not {name!r}")
    return family.formats[name]


def check_place(device: str | torch.device, dtype: torch.dtype | None) -> None:
    """NotSupportedError, before anything is loaded, for a device or number format that is none."""
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise NotSupportedError(f"dtype={dtype!r}: expected a float one, such as torch.bfloat16")
    try:
        torch.empty(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise NotSupportedError(f"device {device}: cannot be used here ({reason})") from error


def _lasting(name: str | os.PathLike[str]) -> str:
    """A name that means the same from another working directory: paths become absolute."""
    text = os.fspath(name)
    return os.path.abspath(text) if os.path.exists(text) and not is_registered(text) else text


def _announce(card: Card) -> None:
    """Say once that a licence is not an open one."""
    if not card.open_license and card.name not in _announced:
        _announced.add(card.name)
        link = f" ({card.license_link})" if card.license_link else ""
        print(f"{card.name}: the weights' licence is {card.license_text}{link}", file=sys.stderr)


def _finish(
    family: type[Tokenizer],
    card: Card,
    config: Any,
    module: nn.Module,
    only: str | None,
    device: str | torch.device,
    compile: bool,
    reload: Any,
) -> Tokenizer:
    module = module.to(device).eval().requires_grad_(False)
    if compile:
        for path in family.compiled_parts:
            part = dict(module.named_modules()).get(path)
            if part is not None:
                part.compile()
    return family(card, config, module, only=only, reload=reload)
