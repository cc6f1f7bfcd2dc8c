"""Videos side by side with captions, frame by frame."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..errors import MediaError
from .image import to_pil

_GAP = 12  # pixels between panels, and around them
_INK = (32, 32, 32)


@dataclass(frozen=True)
class Panel:
    """A video [frames, 3, height, width] and what stands beneath it; line breaks are kept."""

    frames: Tensor
    caption: str
    measured: bool = False
    """Whether it is a reconstruction, to be compared with the first panel."""


def side_by_side(
    panels: Sequence[Panel], *, height: int = 256, font_size: int = 14
) -> Iterator[np.ndarray]:
    """Pictures uint8 [height, width, 3], one per frame, of all panels ``height`` pixels high.

    Pictures that are enlarged keep hard pixels. Both sides of a picture are even.

    Raises:
        MediaError: for panels of different numbers of frames, or none.
    """
    counts = {len(panel.frames) for panel in panels}
    if len(counts) != 1:
        raise MediaError(f"side by side needs videos of one length, got {sorted(counts)} frames")
    font = ImageFont.load_default(size=font_size)
    sizes = [
        (max(1, round(height * p.frames.shape[3] / p.frames.shape[2])), height) for p in panels
    ]
    lines = max(panel.caption.count("\n") + 1 for panel in panels)
    line_height = math.ceil(font.getbbox("Ágp")[3]) + 3
    whole = (
        _even(_GAP + sum(width + _GAP for width, _ in sizes)),
        _even(2 * _GAP + height + lines * line_height),
    )
    board = Image.new("RGB", whole, "white")
    draw, left = ImageDraw.Draw(board), _GAP
    for panel, (width, _) in zip(panels, sizes, strict=True):
        where = (left + width // 2, _GAP + height + 4)
        draw.multiline_text(where, panel.caption, _INK, font, anchor="ma", align="center")
        left += width + _GAP
    for number in range(counts.pop()):
        shot, left = board.copy(), _GAP
        for panel, size in zip(panels, sizes, strict=True):
            picture = to_pil(panel.frames[number])
            larger = size[1] > picture.height
            kind = Image.Resampling.NEAREST if larger else Image.Resampling.LANCZOS
            shot.paste(picture.resize(size, kind), (left, _GAP))
            left += size[0] + _GAP
        yield np.asarray(shot)


def _even(size: int) -> int:
    return size + size % 2
