"""One array ``codes.npy`` [item, slot, position] in the smallest integer type, and ``keys.txt``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...atomic import atomic_write
from ...errors import NotSupportedError
from ...tokens.storage import plain_dtype, to_plain
from ..dataset import TokenDataset


def write(data: TokenDataset, place: Path, layout: Mapping[str, Any]) -> list[Path]:
    """Write the two files into the folder ``place``; the array is written through, not held.

    Raises:
        NotSupportedError: where items differ in length, or carry extras that the array has not.
    """
    if data.spec.extras:
        names = ", ".join(extra.name for extra in data.spec.extras)
        raise NotSupportedError(f"an array has no place for the extras {names}; use webdataset")
    place.mkdir(parents=True, exist_ok=True)
    first = data[0].codes.shape[1:]
    dtype = np.dtype(str(plain_dtype(data.spec)[0]).removeprefix("torch."))
    codes, keys = place / "codes.npy", place / "keys.txt"
    with atomic_write(codes) as temporary, atomic_write(keys) as names:
        array = np.lib.format.open_memmap(temporary, "w+", dtype, (len(data), *first))
        with names.open("w", encoding="utf-8") as file:
            for row, tokens in enumerate(data.stream()):
                if tokens.codes.shape[1:] != first:
                    raise NotSupportedError(
                        f"item {row} is {[*tokens.codes.shape[1:]]}, item 0 {[*first]}: items that "
                        "differ in length do not make one array; use webdataset or megatron"
                    )
                array[row] = to_plain(tokens.codes, data.spec)[0].numpy()
                file.write(f"{data.key(row)}\n")
        array.flush()
        del array
    return [codes, keys]
