"""The two ways in which ids lie in a file: plain small integers, or bit by bit."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import TokenError
from .packing import id_widths, pack_codes, packed_bytes, unpack_codes
from .spec import TokenSpec


def plain_dtype(spec: TokenSpec) -> tuple[torch.dtype, int]:
    """The smallest type that holds the ids, and what stands for "no id"."""
    top = max(spec.vocab_sizes) - 1 + spec.holes
    for dtype in (torch.uint8, torch.uint16):
        if top <= torch.iinfo(dtype).max:
            return dtype, torch.iinfo(dtype).max if spec.holes else 0
    return torch.int32, -1 if spec.holes else 0


def to_plain(codes: Tensor, spec: TokenSpec) -> Tensor:
    """Codes [item, slot, position] -> the same shape in the smallest type."""
    dtype, none = plain_dtype(spec)
    return codes.where(codes >= 0, none).to(dtype)


def from_plain(stored: Tensor, shape: Sequence[int], slots: Tensor, spec: TokenSpec) -> Tensor:
    """The inverse of :func:`to_plain`, but for the padded tail, which ``lengths`` tells."""
    dtype, none = plain_dtype(spec)
    if stored.dtype != dtype or list(stored.shape) != list(shape):
        raise TokenError(f"codes are {stored.dtype} {[*stored.shape]}; expected {dtype} {[*shape]}")
    codes = stored.long()
    gone = torch.arange(shape[1]) >= slots[:, None]  # [item, slot]
    codes = codes.masked_fill(gone[:, :, None], -1)
    return codes.where(codes != none, -1) if spec.holes else codes


def to_bits(codes: Tensor, lengths: Tensor, slots: Tensor, spec: TokenSpec) -> Tensor:
    """Codes [item, slot, position] -> uint8 [byte], item after item without padding."""
    rows = [torch.empty(0, dtype=torch.uint8)] * len(codes)
    for (count, length), items in _groups(slots, lengths).items():
        packed = pack_codes(codes[items, :count, :length], spec.vocab_sizes, holes=spec.holes)
        for item, row in zip(items, packed, strict=True):
            rows[item] = row
    return torch.cat(rows) if rows else torch.empty(0, dtype=torch.uint8)


def from_bits(
    stored: Tensor, shape: Sequence[int], lengths: Tensor, slots: Tensor, spec: TokenSpec
) -> Tensor:
    """The inverse of :func:`to_bits`; -1 in the padding."""
    widths = id_widths(spec.vocab_sizes, holes=spec.holes)
    sizes = [
        packed_bytes(widths[:count], length)
        for count, length in zip(slots.tolist(), lengths.tolist(), strict=True)
    ]
    if stored.dtype != torch.uint8 or list(stored.shape) != [sum(sizes)]:
        raise TokenError(
            f"codes are {stored.dtype} {[*stored.shape]}; expected torch.uint8 [{sum(sizes)}]"
        )
    rows = stored.split(sizes)
    codes = torch.full(tuple(shape), -1, dtype=torch.int64)
    for (count, length), items in _groups(slots, lengths).items():
        packed = torch.stack([rows[item] for item in items])
        codes[items, :count, :length] = unpack_codes(
            packed, spec.vocab_sizes[:count], length, holes=spec.holes
        )
    return codes


def _groups(slots: Tensor, lengths: Tensor) -> dict[tuple[int, int], list[int]]:
    """Items of equal (slots, length), which are packed in one go."""
    groups: dict[tuple[int, int], list[int]] = {}
    for item, key in enumerate(zip(slots.tolist(), lengths.tolist(), strict=True)):
        groups.setdefault(key, []).append(item)
    return groups
