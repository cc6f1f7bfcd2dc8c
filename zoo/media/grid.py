"""A picture grid with captions, to see reconstructions side by side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..errors import MediaError
from .image import to_pil

Cell = tuple[Tensor, str]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_GAP = 16  # pixels between cells, and around the grid
_CAPTION_GAP = 6
_INK = (32, 32, 32)


@dataclass(frozen=True)
class _Drawn:
    picture: Image.Image
    lines: list[str]
    width: int


def labelled_grid(
    rows: Sequence[Sequence[Cell]],
    *,
    min_height: int = 192,
    max_height: int = 384,
    max_width: int = 1600,
    font_size: int = 15,
) -> Image.Image:
    """Rows of (image [3, height, width], caption) as one picture on white.

    The images of a row are shown equally high: as the highest of them is, within ``min_height``
    and ``max_height``. Small ones are enlarged with hard pixels, so that a pixel is seen as one.
    A row wider than ``max_width`` goes on below. A caption stands centred under its image; its
    line breaks are kept, long lines are wrapped.
    """
    font = ImageFont.load_default(size=font_size)
    line_height = math.ceil(font.getbbox("Ágp")[3]) + 3
    lines: list[list[_Drawn]] = []
    for row in rows:
        height = min(max_height, max((min_height, *(cell[0].shape[1] for cell in row))))
        cells = [_draw(cell, height, max_width - 2 * _GAP, font) for cell in row]
        lines += _broken(cells, max_width)
    if not lines:
        raise MediaError("labelled_grid needs at least one cell")

    heights = [
        max(cell.picture.height for cell in line)
        + max(len(cell.lines) for cell in line) * line_height
        + _CAPTION_GAP
        for line in lines
    ]
    size = (max(map(_width, lines)), _GAP + sum(height + _GAP for height in heights))
    grid = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(grid)
    top = _GAP
    for line, height in zip(lines, heights, strict=True):
        left, floor = _GAP, top + max(cell.picture.height for cell in line)
        for cell in line:
            centre = left + cell.width // 2
            grid.paste(
                cell.picture, (centre - cell.picture.width // 2, floor - cell.picture.height)
            )
            for number, text in enumerate(cell.lines):
                where = (centre, floor + _CAPTION_GAP + number * line_height)
                draw.text(where, text, fill=_INK, font=font, anchor="ma")
            left += cell.width + _GAP
        top += height + _GAP
    return grid


def _width(line: list[_Drawn]) -> int:
    return _GAP + sum(cell.width + _GAP for cell in line)


def _broken(cells: list[_Drawn], max_width: int) -> list[list[_Drawn]]:
    lines: list[list[_Drawn]] = []
    for cell in cells:
        if lines and _width([*lines[-1], cell]) <= max_width:
            lines[-1].append(cell)
        else:
            lines.append([cell])
    return lines


def _draw(cell: Cell, height: int, max_width: int, font: Font) -> _Drawn:
    picture = _scaled(to_pil(cell[0]), height, max_width)
    room = max(picture.width, height)
    lines = [part for line in cell[1].split("\n") for part in _wrapped(line, room, font)]
    widest = max(math.ceil(font.getlength(line)) for line in lines)
    return _Drawn(picture, lines, max(picture.width, widest))


def _scaled(picture: Image.Image, height: int, max_width: int) -> Image.Image:
    scale = min(height / picture.height, max_width / picture.width)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    if scale > 1:  # first by a whole factor, so that all pixels come out equally large
        whole = math.ceil(scale)
        larger = (picture.width * whole, picture.height * whole)
        picture = picture.resize(larger, Image.Resampling.NEAREST)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _wrapped(line: str, room: int, font: Font) -> list[str]:
    """``line`` broken between words so that each part is at most ``room`` pixels wide."""
    parts: list[str] = []
    for word in line.split():
        longer = f"{parts[-1]} {word}" if parts else word
        if parts and font.getlength(longer) <= room:
            parts[-1] = longer
        else:
            parts.append(word)
    return parts or [""]
