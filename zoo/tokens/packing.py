"""Ids as bits: each id takes just the bits that its slot's vocabulary needs."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..errors import TokenError
from .check import first


def id_widths(vocab_sizes: Sequence[int], *, holes: bool = False) -> list[int]:
    """Bits per id of each slot; a hole takes the value behind the last id."""
    return [(size - 1 + holes).bit_length() for size in vocab_sizes]


def packed_bytes(widths: Sequence[int], positions: int) -> int:
    """Bytes of one item with these bits per slot."""
    return -(-positions * sum(widths) // 8)


def pack_codes(codes: Tensor, vocab_sizes: Sequence[int], *, holes: bool = False) -> Tensor:
    """Codes [item, slot, position] without padding -> uint8 [item, byte], on the CPU.

    Position by position, slot inside, the highest bit first; each item starts at a byte and ends
    with zero bits. Fewer slots than ``vocab_sizes`` are its first ones. With ``holes``, -1 may
    stand anywhere. TokenError for an id outside its vocabulary (at most 2**31).
    """
    items, slots, positions = codes.shape
    if slots > len(vocab_sizes):
        raise TokenError(f"pack_codes: {slots} slots for {len(vocab_sizes)} vocabularies")
    sizes = torch.tensor(list(vocab_sizes[:slots]), dtype=torch.int64)
    codes = codes.cpu()
    if where := first((codes < -int(holes)) | (codes >= sizes[:, None])):
        raise TokenError(f"pack_codes: {codes[tuple(where)]} at item, slot, position {where}")
    values = codes.where(codes >= 0, sizes[:, None]).transpose(1, 2).numpy()
    widths = id_widths(vocab_sizes[:slots], holes=holes)
    blocks = [np.zeros((items, positions, 0), np.uint8)]
    for slot, width in enumerate(widths):
        plain = np.ascontiguousarray(values[:, :, slot, None], dtype=">u4")
        bits = np.unpackbits(plain.view(np.uint8), axis=-1)  # [item, position, 32]
        blocks.append(bits[:, :, 32 - width :])
    stream = np.concatenate(blocks, axis=-1).reshape(items, positions * sum(widths))
    return torch.from_numpy(np.packbits(stream, axis=1))


def unpack_codes(
    packed: Tensor, vocab_sizes: Sequence[int], positions: int, *, holes: bool = False
) -> Tensor:
    """The inverse of :func:`pack_codes`: uint8 [item, byte] -> int64 [item, slot, position].

    ``vocab_sizes`` has one entry per slot that was packed. TokenError for a wrong number of
    bytes, for ids outside their vocabulary and for bits behind the last id.
    """
    widths = id_widths(vocab_sizes, holes=holes)
    items, have = packed.shape
    if packed.dtype != torch.uint8 or have != packed_bytes(widths, positions):
        raise TokenError(
            f"unpack_codes: {have} bytes of {packed.dtype} per item; {positions} positions of "
            f"{len(widths)} slots are {packed_bytes(widths, positions)} bytes of torch.uint8"
        )
    used = positions * sum(widths)
    bits = np.unpackbits(packed.cpu().numpy(), axis=1)
    if bits[:, used:].any():
        raise TokenError("unpack_codes: bits are set behind the last id; damaged or cut wrongly")
    bits = bits[:, :used].reshape(items, positions, sum(widths))
    codes = np.empty((items, len(widths), positions), np.int64)
    start = 0
    for slot, width in enumerate(widths):
        full = np.zeros((items, positions, 32), np.uint8)
        full[:, :, 32 - width :] = bits[:, :, start : start + width]
        codes[:, slot] = np.packbits(full, axis=-1).view(">u4")[:, :, 0]
        start += width
    unpacked = torch.from_numpy(codes)
    sizes = torch.tensor(list(vocab_sizes), dtype=torch.int64)[:, None]
    if holes:
        unpacked = unpacked.where(unpacked != sizes, -1)
    if where := first(unpacked >= sizes):
        raise TokenError(f"unpack_codes: {unpacked[tuple(where)]} at item, slot, position {where}")
    return unpacked
