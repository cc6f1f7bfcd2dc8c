"""One decoded frame of FFmpeg -> pixels, upright."""

import struct
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .image_array import from_array

if TYPE_CHECKING:
    from av import VideoFrame

# Where a frame's x and y axes point on the screen, by the signs of a display matrix: axes of
# [3, height, width] to flip, after swapping the two where the matrix does.
_Turn = tuple[bool, tuple[int, ...]]


def pixels(frame: "VideoFrame") -> Tensor:
    """A frame as uint8 [3, height, width], as a player shows it.

    The matrix and range of its colours are those that the file states (BT.601, limited range,
    where it states none); more than 8 bits are rounded to 8; alpha is laid over white; it is
    turned and mirrored as its display matrix says. Pixels that are not square stay as stored.
    """
    if frame.format.has_palette or "a" in _components(frame):
        image = from_array(frame.to_ndarray(format="rgba", threads=1), "hwc")
    else:
        image = torch.from_numpy(frame.to_ndarray(format="rgb24", threads=1)).permute(2, 0, 1)
    swap, flips = turn(_display_matrix(frame))
    if swap:
        image = image.transpose(1, 2)
    return image.flip(flips) if flips else image


def turn(matrix: tuple[int, ...] | None) -> _Turn:
    """(whether height and width swap, axes to flip then) of a display matrix a, b, u, c, d, v, ...

    A stored pixel (x, y) appears at (a x + c y, b x + d y). Angles between the quarter turns,
    which players hardly know either, count as the nearest.
    """
    if matrix is None:
        return False, ()
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    swap = abs(b) + abs(c) > abs(a) + abs(d)
    down, across = (b, c) if swap else (d, a)
    return swap, tuple(axis for axis, sign in ((1, down), (2, across)) if sign < 0)


def _components(frame: "VideoFrame") -> str:
    name = frame.format.name
    return "a" if name.startswith(("yuva", "gbrap", "ya", "rgba", "bgra", "argb", "abgr")) else ""


def _display_matrix(frame: "VideoFrame") -> tuple[int, ...] | None:
    found = frame.side_data.get("DISPLAYMATRIX")
    return None if found is None else struct.unpack("=9i", bytes(np.frombuffer(found, np.uint8)))
