"""Safetensors files: written whole or not at all, equal tensors to equal bytes."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from .atomic import atomic_write


def write_tensors(
    tensors: Mapping[str, Tensor], path: str | os.PathLike[str], metadata: Mapping[str, str]
) -> None:
    """Write ``tensors`` with ``metadata`` to ``path``.

    Raises:
        OSError: if the file cannot be written, a full disk above all; ``path`` stays as it was.
    """
    with atomic_write(path) as temporary:
        try:
            save_file(dict(tensors), temporary, metadata=dict(metadata))
        except SafetensorError as error:  # it wraps what the system said into a text
            raise OSError(f"{os.fspath(path)} cannot be written: {error}") from error
        _sort_metadata(temporary)


def _sort_metadata(path: Path) -> None:
    """Order the header's metadata by key: safetensors writes it in a random order each time.

    Equal weights then make equal files, with equal hashes. Only the order changes, so the header
    keeps its length and every offset its meaning.
    """
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(ordered) > length:
            return  # written otherwise than we would: leave it
        file.seek(8)
        file.write(ordered.ljust(length))
