"""Pictures of what cannot be seen by itself: ids, differences, waveforms."""

import colorsys
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from zoo.tokens import Tokens

CELL = 22  # pixels of an id
COLUMNS = 32  # of ids, at most
STRIP = 44  # pixels high, at least
GONE = (228, 228, 231)  # ids that a prefix took away
CHOSEN = (17, 24, 39)
_GOLDEN = 0.618033988749895


@dataclass(frozen=True)
class Sheet:
    """Where each id of one item stands in its picture: a row per slot, long ones broken."""

    slots: int
    positions: int

    @property
    def columns(self) -> int:
        """Ids beside one another; a square where there is one slot and the count is one."""
        side = math.isqrt(self.positions)
        if self.slots == 1 and side * side == self.positions and side <= COLUMNS:
            return side
        return min(COLUMNS, self.positions)

    @property
    def lines(self) -> int:
        """Lines that the positions of one slot take."""
        return -(-self.positions // self.columns)

    def place(self, slot: int, position: int) -> tuple[int, int]:
        """Column and row of an id; the slots of a position stand beneath one another."""
        line, column = divmod(position, self.columns)
        return column, line * self.slots + slot

    def at(self, x: int, y: int) -> tuple[int, int] | None:
        """The slot and position at a pixel of the picture, if there is one."""
        column, row = x // CELL, y // CELL
        line, slot = divmod(row, self.slots)
        position = line * self.columns + column
        inside = 0 <= column < self.columns and 0 <= position < self.positions
        return (slot, position) if inside else None


def sheet_of(tokens: Tokens) -> Sheet:
    """The sheet of a batch of one."""
    return Sheet(tokens.codes.shape[1], int(tokens.lengths[0]))


def ids_picture(
    whole: Tokens, kept: Tokens | None = None, chosen: frozenset[tuple[int, int]] = frozenset()
) -> Image.Image:
    """Every id of one item as a square in a colour of its own.

    Ids that ``kept`` has not are grey; ``chosen`` ones (slot, position) have a frame.
    """
    sheet = sheet_of(whole)
    codes = whole.codes[0].cpu().numpy()
    there = codes >= 0
    if kept is not None:
        there = np.zeros_like(there)
        left = kept.codes[0].cpu().numpy() >= 0
        there[: left.shape[0], : left.shape[1]] = left
    size = (sheet.columns * CELL, sheet.lines * sheet.slots * CELL)
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for slot in range(sheet.slots):
        for position in range(sheet.positions):
            column, row = sheet.place(slot, position)
            box = [column * CELL, row * CELL, (column + 1) * CELL - 2, (row + 1) * CELL - 2]
            mark = (slot, position) in chosen
            colour = id_colour(int(codes[slot, position])) if there[slot, position] else GONE
            draw.rectangle(
                box, fill=colour, outline=CHOSEN if mark else None, width=3 if mark else 1
            )
    return picture


def strip_picture(whole: Tokens, kept: Tokens | None = None, width: int = 1280) -> Image.Image:
    """The ids of a sound: a row per slot, time to the right, squeezed or stretched to ``width``."""
    left = whole if kept is None else kept
    codes = whole.codes[0].cpu().numpy()
    there = np.zeros_like(codes, dtype=bool)
    mark = left.codes[0].cpu().numpy() >= 0
    there[: mark.shape[0], : mark.shape[1]] = mark
    names, where = np.unique(codes, return_inverse=True)
    colours = np.array([id_colour(int(code)) for code in names], np.uint8)
    drawn = colours[where.reshape(codes.shape)]
    drawn[~there] = GONE
    height = max(STRIP, CELL * len(codes) // 2)
    return Image.fromarray(drawn).resize((width, height), Image.Resampling.NEAREST)


def id_colour(code: int) -> tuple[int, int, int]:
    """A colour that tells ids apart: neighbours in number are far apart in hue."""
    light = 0.62 + 0.33 * ((code * 7919) % 97) / 96
    red, green, blue = colorsys.hsv_to_rgb(code * _GOLDEN % 1, 0.55, light)
    return round(255 * red), round(255 * green), round(255 * blue)


def difference(seen: Image.Image, made: Image.Image) -> Image.Image:
    """Where a reconstruction is off: mean error of the colours, black is none, white is half."""
    one, other = (np.asarray(p.convert("RGB"), np.float32) for p in (seen, made))
    off = np.abs(one - other).mean(2)
    return Image.fromarray(np.clip(2 * off, 0, 255).astype(np.uint8))


def enlarged(picture: Image.Image, least: int = 320) -> Image.Image:
    """A small picture with hard pixels, so that a pixel is seen as one."""
    factor = max(1, -(-least // max(picture.size)))
    size = (picture.width * factor, picture.height * factor)
    return picture.resize(size, Image.Resampling.NEAREST)


def waveform(sound: np.ndarray, width: int = 640, height: int = 96) -> Image.Image:
    """The lowest and highest sample of every column of [channels, samples] in -1..1."""
    mono = sound.mean(0)
    edges = np.linspace(0, len(mono), width + 1).astype(int)
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for column, (start, stop) in enumerate(zip(edges, edges[1:], strict=False)):
        part = mono[start : max(stop, start + 1)]
        if len(part):
            top, floor = (round((1 - v) / 2 * (height - 1)) for v in (part.max(), part.min()))
            draw.line([column, top, column, floor], fill=(79, 70, 229))
    return picture
