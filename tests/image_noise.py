"""Pictures of noise, of every awkward size."""

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)

SIZES = [
    (1, 1), (1, 2), (3, 97), (97, 3), (31, 33), (64, 64), (64, 65), (65, 64), (63, 200),
    (127, 129), (128, 128), (200, 100), (255, 257), (301, 203), (333, 500), (75, 56), (640, 479),
]  # fmt: skip


def noise(height: int, width: int) -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))
