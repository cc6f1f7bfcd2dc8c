"""Media made on the spot, one maker per modality."""

from collections.abc import Callable

import numpy as np
from PIL import Image


def images() -> list[Image.Image]:
    """Three pictures of different sizes and one of the first's size again."""
    return [picture(61, 83, 0), picture(40, 40, 1), picture(90, 50, 2), picture(61, 83, 3)]


def picture(height: int, width: int, seed: int) -> Image.Image:
    """Smooth colours with some structure, as photos have."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width].astype(float)
    waves = [
        np.sin(rows * a / height + columns * b / width + c)
        for a, b, c in random.uniform(-9, 9, (3, 3))
    ]
    pixels = 127.5 + 120 * np.stack(waves, axis=-1)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


SAMPLES: dict[str, Callable[[], list]] = {"image": images}
