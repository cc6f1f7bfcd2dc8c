"""Megatron-LM's indexed data set: ``tokens.bin`` and ``tokens.idx``, one document per item.

The index is the magic word, a version, a type code, the numbers of sequences and of document
borders, then each sequence's length (int32) and first byte (int64), and the borders (int64).
Source: megatron/core/datasets/indexed_dataset.py of NVIDIA/Megatron-LM.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...atomic import atomic_write
from ..dataset import TokenDataset

MAGIC = b"MMIDIDX\x00\x00"
VERSION = 1
CODES = {"int32": 4, "uint16": 8}
LAST_SHORT = 65_499  # a larger id needs int32, as Megatron decides by vocabulary


def write(data: TokenDataset, place: Path, layout: Mapping[str, Any]) -> list[Path]:
    """Write both files into the folder ``place``; ids are laid out as ``layout`` says."""
    place.mkdir(parents=True, exist_ok=True)
    dtype = np.dtype("uint16" if _largest(data, layout) <= LAST_SHORT else "int32")
    binary, index = place / "tokens.bin", place / "tokens.idx"
    lengths = []
    with atomic_write(binary) as temporary, temporary.open("wb") as file:
        for tokens in data.stream():
            (stream,) = tokens.ids(**layout)
            file.write(stream.numpy().astype(dtype).tobytes())
            lengths.append(len(stream))
    sizes = np.asarray(lengths, np.int32)
    starts = np.concatenate([[0], np.cumsum(sizes[:-1], dtype=np.int64)]) * dtype.itemsize
    with atomic_write(index) as temporary, temporary.open("wb") as file:
        file.write(MAGIC + struct.pack("<QB", VERSION, CODES[dtype.name]))
        file.write(struct.pack("<QQ", len(sizes), len(sizes) + 1))
        file.write(sizes.tobytes())
        file.write(starts.astype(np.int64).tobytes())
        file.write(np.arange(len(sizes) + 1, dtype=np.int64).tobytes())
    return [binary, index]


def _largest(data: TokenDataset, layout: Mapping[str, Any]) -> int:
    sizes = data.spec.vocab_sizes
    top = sum(sizes) if layout.get("per_slot", True) else max(sizes)
    marks = [layout.get(name) or 0 for name in ("begin", "end", "fill")]
    return max(layout.get("offset", 0) + top - 1, *marks)
