"""The landscape from far to near: sky, mountains, shore, lake, meadow.

Pictures are [row, column, color] in 0..1; x runs to the right and y down, both in 0..1.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image

from . import things
from .paint import Array, edge, fill, mix, noise, ridges, shade

Draw = Callable[[Image.Image], None]

_SCALE = 2  # drawn larger, then averaged, for smooth edges
_SHORE, _MEADOW, _SUN = 0.60, 0.85, (0.555, 0.335)


def sample_picture(size: int = 256) -> Image.Image:
    """The landscape as a square RGB image of ``size`` pixels; always the same for a size."""
    scene = landscape(size * _SCALE, things.balloon, things.boat)
    return scene.resize((size, size), Image.Resampling.BOX)


def landscape(side: int, in_air: Draw | None = None, on_water: Draw | None = None) -> Image.Image:
    """The landscape with hard edges, and what flies and floats there."""
    line = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(line, line)
    rows = round(_SHORE * side)
    above, below = (x[:rows], y[:rows]), (x[rows:], y[rows:])
    land = _shore(_hills(_mountains(_sky(*above), *above), *above), *above)
    land = _drawn(land, lambda image: things.pines(image, _SHORE))
    land = _drawn(_drawn(land, things.house), in_air)
    scene = _drawn(np.concatenate([land, _lake(land, *below)]), on_water)
    ground = _MEADOW + 0.045 * np.sin(line * 3.4 + 0.4) + 0.02 * noise(line * 6, 0 * line, 3, 61)
    soil = shade((0.20, 0.32, 0.10), 0.6 + 0.8 * noise(x * 40, y * 40, 4, 62))
    scene = mix(scene, soil, edge(y - ground, 0.006))
    return _image(_drawn(scene, lambda image: things.meadow(image, ground)))


def _sky(x: Array, y: Array) -> Array:
    height = (y / 0.55).clip(0, 1)
    picture = mix(fill(x, (0.17, 0.35, 0.66)), (0.46, 0.65, 0.86), height * 1.5)
    picture = mix(picture, (0.99, 0.82, 0.60), height**3)
    distance = np.hypot(x - _SUN[0], y - _SUN[1])
    picture = mix(picture, (1.0, 0.86, 0.55), 0.8 * np.exp(-distance * 6))
    clouds = noise(x * 3.4, y * 13 + x, 6, 11)
    cover = edge(clouds - 0.55 - 0.5 * np.abs(y - 0.16), 0.14)
    lit = noise(x * 3.4 + 0.06, y * 13 + x + 0.4, 4, 11) - clouds
    picture = mix(picture, (1.0, 0.94, 0.88), 0.9 * cover)
    picture = mix(picture, (0.60, 0.56, 0.68), cover * (lit * 5).clip(0, 0.6))
    return mix(picture, (1.0, 0.98, 0.86), edge(0.045 - distance, 0.003))


def _mountains(picture: Array, x: Array, y: Array) -> Array:
    ridge = 0.50 - 0.30 * ridges(x * 2.1 + 3.1, 6, 5) * (0.55 + 0.45 * np.sin(x * 5 + 0.6) ** 2)
    depth = y - ridge
    rough = noise(x * 14 + depth * 9, y * 6, 5, 21) + 0.5 * noise(x * 60, y * 40, 3, 22) - 0.75
    stone = mix(fill(x, (0.34, 0.39, 0.55)), (0.62, 0.55, 0.60), edge(rough, 0.25))
    snow = edge(0.09 - depth + 0.20 * rough, 0.025) * edge(0.38 - ridge, 0.08)
    stone = mix(stone, (0.97, 0.95, 0.96), snow * (0.66 + 0.34 * edge(rough, 0.3)))
    stone = mix(stone, (0.88, 0.79, 0.74), 0.75 * edge(y - 0.46, 0.22))  # haze
    return mix(picture, stone, edge(depth, 0.004))


def _hills(picture: Array, x: Array, y: Array) -> Array:
    for seed, top, color in ((31, 0.520, (0.44, 0.53, 0.55)), (34, 0.555, (0.30, 0.45, 0.36))):
        hill = top - 0.06 * noise(x * 4 + seed, 0 * x, 5, seed)
        woods = shade(color, 0.70 + 0.60 * noise(x * 90, y * 60, 3, seed + 1))
        picture = mix(picture, woods, edge(y - hill, 0.004))
    return picture


def _shore(picture: Array, x: Array, y: Array) -> Array:
    bank = _SHORE - 0.022 - 0.014 * noise(x * 5, 0 * x, 3, 41)
    grass = shade((0.56, 0.62, 0.26), 0.65 + 0.7 * noise(x * 80, y * 120, 3, 42))
    picture = mix(picture, grass, edge(y - bank, 0.003))
    stones = shade((0.62, 0.56, 0.48), 0.5 + noise(x * 110, y * 90, 2, 45))
    return mix(
        picture, stones, edge(y - _SHORE + 0.006 + 0.004 * noise(x * 60, 0 * x, 2, 46), 0.002)
    )


def _lake(land: Array, x: Array, y: Array) -> Array:
    """The land upside down, shaken by waves that grow towards us."""
    rows, side = land.shape[:2]
    depth = y - _SHORE
    waves = noise(x * 9, y * 150 / (1 + 3 * depth), 3, 51) - 0.5
    row = (_SHORE - 0.92 * depth + 0.10 * waves * (0.12 + depth)) * side
    column = (x + 0.035 * waves * depth / 0.2) * side
    mirror = land[row.astype(int).clip(0, rows - 1), column.astype(int).clip(0, side - 1)]
    water = mix(mirror, (0.10, 0.27, 0.42), 0.22 + 0.45 * depth / 0.3)
    beam = np.exp(-(((x - _SUN[0]) / (0.02 + 0.16 * depth)) ** 2))
    return mix(water, (1.0, 0.92, 0.72), 0.9 * beam * edge(waves - 0.05, 0.1))


def _drawn(picture: Array, draw: Draw | None) -> Array:
    if draw is None:
        return picture
    image = _image(picture)
    draw(image)
    return np.asarray(image, np.float64) / 255


def _image(picture: Array) -> Image.Image:
    return Image.fromarray((picture.clip(0, 1) * 255).round().astype(np.uint8))
