"""Colours, soft edges and smooth noise on arrays; every random number comes from a hash.

numpy's generators may change between versions; integer arithmetic does not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Color = Sequence[float]  # red, green, blue in 0..1


def fill(like: Array, color: Color) -> Array:
    """A picture [row, column, color] of one colour, as large as ``like``."""
    return np.broadcast_to(np.array(color, np.float64), (*like.shape, 3))


def mix(below: Array, above: Array | Color, share: Array) -> Array:
    """``above`` over ``below`` where ``share`` is 1."""
    return below + (np.asarray(above) - below) * share.clip(0, 1)[..., None]


def shade(color: Color, light: Array) -> Array:
    """A colour made darker and lighter."""
    return np.asarray(color, np.float64) * light[..., None]


def edge(distance: Array, softness: float) -> Array:
    """0 well below zero, 1 well above, smooth within ``softness``."""
    t = (distance / softness / 2 + 0.5).clip(0, 1)
    return t * t * (3 - 2 * t)


def noise(x: Array, y: Array, octaves: int, seed: int) -> Array:
    """Smooth random values in 0..1, at ``octaves`` scales, each twice as fine."""
    layers = [
        _lattice(x * 2**i + 17.3 * i, y * 2**i + 9.1 * i, seed) / 2**i for i in range(octaves)
    ]
    return np.add.reduce(layers) / (2 - 2.0 ** (1 - octaves))


def ridges(x: Array, octaves: int, seed: int) -> Array:
    """Noise along x with sharp tops, in about 0..1."""
    layers = [
        (1 - np.abs(2 * _lattice(x * 2**i + 5.7 * i, 0 * x, seed + i) - 1)) / 2 ** (1.1 * i)
        for i in range(octaves)
    ]
    return np.add.reduce(layers) / 1.85


def random_table(rows: int, columns: int, seed: int) -> Array:
    """Random numbers in 0..1."""
    row, column = np.mgrid[0:rows, 0:columns]
    return _hash(row, column, seed)


def _lattice(x: Array, y: Array, seed: int) -> Array:
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    u, v = x - column, y - row
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    top = _hash(column, row, seed) * (1 - u) + _hash(column + 1, row, seed) * u
    bottom = _hash(column, row + 1, seed) * (1 - u) + _hash(column + 1, row + 1, seed) * u
    return top * (1 - v) + bottom * v


def _hash(a: NDArray[np.int64], b: NDArray[np.int64], seed: int) -> Array:
    mixed = (a * 374761393 + b * 668265263 + seed * 974711).astype(np.uint32)
    for shift, factor in ((15, 2246822519), (13, 3266489917)):
        mixed = (mixed ^ (mixed >> np.uint32(shift))) * np.uint32(factor)
    return (mixed ^ (mixed >> np.uint32(16))) / 2.0**32
