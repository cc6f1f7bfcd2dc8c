"""Pictures to measure with: made from a seed, or a folder's."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from zoo.errors import MediaError
from zoo.media.below import files_below

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def made_pictures(items: int, size: tuple[int, int], seed: int = 0) -> Tensor:
    """Smooth coloured noise [item, 3, height, width] in 0..1, with detail at every scale.

    Natural pictures have about as much contrast at each scale too; white noise would be nothing
    like them, and compresses to ids that say little.
    """
    random = torch.Generator().manual_seed(seed)
    total = torch.zeros(items, 3, *size)
    side, octaves = 2, 0
    while side <= min(size):
        noise = torch.randn(items, 3, side, side, generator=random)
        total += F.interpolate(noise, size, mode="bilinear", align_corners=False)
        side, octaves = side * 2, octaves + 1
    return torch.sigmoid(total / max(octaves, 1) ** 0.5)


def folder_pictures(folder: str, limit: int) -> list[Path]:
    """The first ``limit`` picture files below a folder, by name.

    Raises:
        MediaError: if the folder does not exist or holds none.
    """
    root = Path(folder)
    if not root.is_dir():
        raise MediaError(f"{folder} is no folder; --images takes a folder of pictures")
    paths = map(Path, files_below(folder))
    found = sorted(path for path in paths if path.suffix.lower() in SUFFIXES)
    if not found:
        raise MediaError(f"{folder} holds no pictures ({', '.join(SUFFIXES)})")
    return found[:limit]
