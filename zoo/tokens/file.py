"""Tokens in a safetensors file that explains itself.

One entry of the header, ``zoo.tokens``, is a JSON text: version, spec, space, shape of the codes,
how ids are stored, origin, made_by, and the CRC-32 of the other entries (as ``json.dumps`` with
sorted keys writes them) followed by all tensors' bytes in the order of their names.
Tensors: ``codes``, ``lengths`` and ``slots`` (both int32 [item]), ``grid`` and ``extra.<name>``.

- ids "plain": codes [item, slot, position] in the smallest of uint8, uint16 and int32 that holds
  the vocabularies. Padding is 0 or, where the spec declares holes, like these the type's largest
  value (int32: -1).
- ids "bits": codes uint8 [byte]: item after item, each as :func:`pack_codes` writes it.
"""

import json
import zlib
from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ..errors import TokenError
from ..tensor_file import write_tensors
from .check import integers
from .checks import items, wholes, word
from .origin import Origin
from .spec import TokenSpec
from .storage import from_bits, from_plain, to_bits, to_plain

if TYPE_CHECKING:
    from .container import Tokens

VERSION = 1
KEY = "zoo.tokens"


def save(tokens: "Tokens", path: str | PathLike[str], packed: bool) -> None:
    """See :meth:`Tokens.save`."""
    spec, codes = tokens.spec, tokens.codes.cpu()
    lengths, slots = tokens.lengths.cpu(), tokens.slot_counts.cpu()
    stored = {
        "codes": to_bits(codes, lengths, slots, spec) if packed else to_plain(codes, spec),
        "lengths": lengths.to(torch.int32),
        "slots": slots.to(torch.int32),
        **{f"extra.{name}": extra for name, extra in tokens.extras.items()},
    }
    if tokens.grid is not None:
        stored["grid"] = tokens.grid.to(torch.int32)
    stored = {name: tensor.cpu().contiguous() for name, tensor in stored.items()}
    origins = [origin and origin.to_dict() for origin in tokens.origin]
    header = {
        "version": VERSION,
        "ids": "bits" if packed else "plain",
        "shape": list(codes.shape),
        "space": tokens.space,
        "spec": spec.to_dict(),
        "origin": origins if any(origin is not None for origin in origins) else None,
        "made_by": tokens.made_by,
    }
    header["crc32"] = _checksum(header, stored)
    write_tensors(stored, path, {KEY: json.dumps(header, allow_nan=False)})


def load(path: str | PathLike[str]) -> dict[str, Any]:
    """The arguments of ``Tokens(...)`` that a file holds; the constructor checks them further."""
    return _arguments(*_read(path))


def _read(path: str | PathLike[str]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get(KEY)
            stored = {name: file.get_tensor(name) for name in file.keys()} if text else {}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise TokenError(
            f"no readable file of tokens: missing, cut off or foreign; {error}"
        ) from None
    if text is None:
        raise TokenError(f"a safetensors file, but not of tokens: its header has no {KEY!r}")
    try:
        header = json.loads(text)
    except ValueError as error:
        raise TokenError(f"the header is damaged: {error}") from None
    version = header.get("version") if isinstance(header, dict) else None
    if version != VERSION:
        raise TokenError(f"version {version!r}, but this release of zoo reads version {VERSION}")
    keys = {"version", "ids", "shape", "space", "spec", "origin", "made_by", "crc32"}
    if set(header) != keys:
        raise TokenError(f"the header has {sorted(header)}; expected {sorted(keys)}")
    if header.pop("crc32") != _checksum(header, stored):
        raise TokenError("damaged: the checksum in the header is not that of the content")
    return header, stored


def _arguments(header: Mapping[str, Any], stored: Mapping[str, Tensor]) -> dict[str, Any]:
    spec = TokenSpec.from_dict(header["spec"])
    needed = {"codes", "lengths", "slots", *(f"extra.{extra.name}" for extra in spec.extras)}
    if not needed <= set(stored) <= needed | {"grid"}:
        raise TokenError(f"holds {sorted(stored)}; the spec says {sorted(needed)} and maybe grid")
    shape = wholes(header["shape"], "shape", 0)
    lengths = integers(stored["lengths"], "lengths", "item")
    slots = integers(stored["slots"], "slots", "item")
    if len(shape) != 3 or lengths.shape != shape[:1] or slots.shape != shape[:1]:
        raise TokenError(f"shape {shape}, {[*lengths.shape]} lengths and {[*slots.shape]} slots")
    outside = (lengths < 0) | (lengths > shape[2]) | (slots < 0) | (slots > shape[1])
    if shape[1] > spec.num_slots or bool(outside.any()):
        raise TokenError(f"shape {shape} does not fit lengths, slots or the spec")
    packed = word(header["ids"], "ids", ("bits", "plain")) == "bits"
    codes = stored["codes"]
    origins = None if header["origin"] is None else items(header["origin"], "origin")
    return {
        "codes": from_bits(codes, shape, lengths, slots, spec)
        if packed
        else from_plain(codes, shape, slots, spec),
        "spec": spec,
        "space": header["space"],
        "lengths": lengths,
        "grid": stored.get("grid"),
        "origin": origins and [None if one is None else Origin.from_dict(one) for one in origins],
        "extras": {extra.name: stored[f"extra.{extra.name}"] for extra in spec.extras},
        "made_by": header["made_by"],
    }


def _checksum(header: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> int:
    total = zlib.crc32(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        flat = tensors[name].contiguous().view(torch.uint8).numpy().reshape(-1)
        total = zlib.crc32(flat.data, total)
    return total
