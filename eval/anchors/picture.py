"""JPEG, WebP and AVIF as Pillow writes them, of the picture and of smaller copies.

Headers alone keep these codecs above some hundred bits; fewer are reached by coding a copy of half
or a quarter of the size, which is scaled up again.
"""

from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import PIL
import torch
from PIL import Image, features
from torch import Tensor

from zoo.errors import NotSupportedError
from zoo.media.image import to_uint8

from .base import Anchor, Setting

LANCZOS = Image.Resampling.LANCZOS  # of the same size: untouched
LARGEST_SHRUNK = 60  # quality; above it the larger picture is better for its bits
COUNTED = "8 x the bytes of the file, headers included"


def jpeg() -> Anchor:
    """Baseline JPEG with optimised tables, colour at half resolution where that is smaller."""
    return _anchor("jpeg", "JPEG", (1, 5, 10, 20, 40, 60, 80, 95), optimize=True)


def webp() -> Anchor:
    """Lossy WebP at the slowest, best effort."""
    return _anchor("webp", "WEBP", (0, 5, 10, 20, 40, 60, 80, 95), method=6)


def avif() -> Anchor:
    """AVIF at a medium effort.

    Raises:
        NotSupportedError: where this Pillow cannot write it.
    """
    if not features.check("avif"):
        raise NotSupportedError("avif: this Pillow was built without it; get one from PyPI")
    return _anchor("avif", "AVIF", (0, 10, 20, 35, 50, 65, 80, 95), speed=6)


def _anchor(name: str, kind: str, settings: tuple[int, ...], **options: Any) -> Anchor:
    smaller = [Setting(q, shrink) for shrink in (4, 2) for q in settings if q <= LARGEST_SHRUNK]
    code = partial(_code, kind, options)
    return Anchor(
        name,
        "quality",
        (*smaller, *map(Setting, settings)),
        code,
        COUNTED,
        f"Pillow {PIL.__version__}",
    )


def _code(
    kind: str, options: dict[str, Any], item: Tensor, rate: int | None, setting: Setting
) -> tuple[Tensor, int]:
    stream = BytesIO()
    picture = Image.fromarray(to_uint8(item).permute(1, 2, 0).contiguous().numpy())
    width, height = picture.size
    small = (-(-width // setting.shrink), -(-height // setting.shrink))
    picture.resize(small, LANCZOS).save(stream, kind, quality=setting.quality, **options)
    decoded = Image.open(stream).convert("RGB").resize(picture.size, LANCZOS)
    return torch.from_numpy(np.array(decoded)).permute(2, 0, 1), 8 * stream.getbuffer().nbytes
