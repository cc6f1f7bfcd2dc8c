"""Pines, a house, a balloon, a boat and a meadow, drawn as polygons."""

import numpy as np
from PIL import Image, ImageDraw

from .paint import Array, Color, random_table

Point = tuple[float, float]


class Pen:
    """Draws polygons given in a thing's own units, with negative y upwards, at its place."""

    def __init__(self, image: Image.Image, x: float, y: float, size: float, flip: float = 1):
        self.draw, self.side = ImageDraw.Draw(image), image.width
        self.x, self.y, self.size, self.flip = x, y, size, flip

    def at(self, point: Point) -> Point:
        """Where a point lies on the image, in pixels."""
        across, down = self.x + point[0] * self.size, self.y + point[1] * self.size * self.flip
        return across * self.side, down * self.side

    def shape(self, color: Color | Array, *points: Point) -> None:
        """A filled polygon."""
        self.draw.polygon([self.at(point) for point in points], fill=rgb(color))

    def box(self, color: Color, left: float, top: float, right: float, bottom: float) -> None:
        """A filled rectangle."""
        self.shape(color, (left, top), (right, top), (right, bottom), (left, bottom))

    def dot(self, color: Color, point: Point, radius: float) -> None:
        """A filled circle."""
        (x, y), r = self.at(point), radius * self.size * self.side
        self.draw.ellipse((x - r, y - r, x + r, y + r), fill=rgb(color))


def rgb(color: Color | Array) -> tuple[int, int, int]:
    """A colour in whole numbers."""
    red, green, blue = (round(255 * min(max(float(part), 0), 1)) for part in color)
    return red, green, blue


def pines(image: Image.Image, shore: float) -> None:
    """A row of pines, each a stack of jagged triangles with a lit right half."""
    for place, tall, tone, reach, near in sorted(random_table(95, 5, 43), key=lambda tree: tree[4]):
        if 0.26 < place < 0.45 and tall > 0.30:  # the house is to be seen
            continue
        pen = Pen(image, place, shore - 0.014 + 0.012 * near, 0.045 + 0.105 * tall**2)
        dark = np.array((0.04 + 0.05 * tone, 0.16 + 0.10 * tone, 0.12))
        pen.box((0.24, 0.16, 0.10), -0.02, -0.12, 0.02, 0)
        for step in range(7):
            top, bottom = -1 + 0.125 * step, -1 + 0.125 * step + 0.19
            wide = (0.045 + 0.028 * step) * (0.8 + 0.5 * reach)
            pen.shape(dark * (0.8 + 0.05 * step), (0, top), (-wide, bottom), (0, bottom - 0.03))
            pen.shape(
                dark * 1.5 + (0.08, 0.06, 0), (0, top), (0, bottom - 0.03), (wide, bottom - 0.01)
            )


def house(image: Image.Image) -> None:
    """A house with a red roof and lit windows."""
    pen = Pen(image, 0.295, 0.590, 0.118)
    pen.shape((0.78, 0.54, 0.38), (0, 0), (0, -0.42), (0.30, -0.80), (0.60, -0.42), (0.60, 0))
    pen.box((0.58, 0.38, 0.28), 0.60, -0.42, 1.10, 0)
    for row in range(6):  # boards
        pen.box((0.68, 0.46, 0.32), 0, -0.38 + 0.07 * row, 0.60, -0.37 + 0.07 * row)
    pen.box((0.45, 0.24, 0.20), 0.68, -1.02, 0.79, -0.70)
    pen.shape((0.62, 0.14, 0.12), (-0.06, -0.40), (0.30, -0.86), (0.36, -0.80), (0.0, -0.34))
    pen.shape((0.76, 0.21, 0.15), (0.30, -0.86), (0.84, -0.86), (1.17, -0.38), (0.64, -0.38))
    for row in range(1, 5):  # tiles
        left, top = 0.30 + 0.068 * row, -0.86 + 0.096 * row
        pen.box((0.55, 0.12, 0.11), left, top, left + 0.54, top + 0.02)
    pen.box((0.99, 0.88, 0.48), 0.10, -0.34, 0.24, -0.14)
    pen.box((0.30, 0.17, 0.12), 0.34, -0.34, 0.48, 0)
    for left in (0.68, 0.88):
        pen.box((0.95, 0.95, 0.90), left, -0.32, left + 0.15, -0.12)
        pen.box((0.99, 0.82, 0.42), left + 0.02, -0.30, left + 0.13, -0.14)


def balloon(image: Image.Image, x: float = 0.20, y: float = 0.185) -> None:
    """A hot-air balloon with stripes."""
    pen = Pen(image, x, y, 0.088)
    colors = np.array([(0.88, 0.17, 0.16), (0.98, 0.80, 0.22), (0.17, 0.44, 0.76)])
    turn, bows = np.linspace(-np.pi / 2, np.pi * 0.36, 24), np.linspace(-1, 1, 10)
    for index, (left, right) in enumerate(zip(bows, bows[1:], strict=False)):
        rim = [(left * np.cos(t), np.sin(t)) for t in turn]
        rim += [(right * np.cos(t), np.sin(t)) for t in turn[::-1]]
        pen.shape(colors[index % 3] * (1.05 - 0.35 * abs((left + right) / 2 - 0.3)), *rim)
    for side in (-1, 1):
        rope = (side * 0.40, 0.90), (side * 0.37, 0.90), (side * 0.13, 1.42), (side * 0.16, 1.42)
        pen.shape((0.30, 0.22, 0.20), *rope)
    pen.shape((0.48, 0.30, 0.16), (-0.18, 1.40), (0.18, 1.40), (0.14, 1.68), (-0.14, 1.68))


def boat(image: Image.Image, x: float = 0.83) -> None:
    """A sailing boat, and what the water gives back of it."""
    water = np.array((0.24, 0.36, 0.47))
    for flip, clear in ((-0.55, 0.45), (1.0, 1.0)):
        pen = Pen(image, x, 0.705, 0.13, flip)
        for color, *points in (
            ((0.30, 0.18, 0.10), (-0.02, 0), (0.02, 0), (0.01, -1.05), (-0.01, -1.05)),
            ((0.97, 0.95, 0.90), (0.05, -0.14), (0.05, -1.0), (0.24, -0.62), (0.42, -0.14)),
            ((0.84, 0.22, 0.16), (-0.05, -0.14), (-0.05, -0.86), (-0.32, -0.14)),
            ((0.16, 0.22, 0.34), (-0.46, -0.10), (0.50, -0.10), (0.36, 0.05), (-0.34, 0.05)),
            ((0.92, 0.90, 0.86), (-0.46, -0.10), (0.50, -0.10), (0.48, -0.07), (-0.44, -0.07)),
        ):
            pen.shape(water + (np.array(color) - water) * clear, *points)


def meadow(image: Image.Image, ground: Array) -> None:
    """Blades of grass from far to near, and flowers; ``ground`` is their upper edge by column."""
    flowers = ((0.90, 0.16, 0.13), (0.98, 0.80, 0.18), (0.97, 0.95, 0.98), (0.60, 0.36, 0.80))
    for place, far, lean, tone, kind in sorted(random_table(1800, 5, 63), key=lambda row: row[1]):
        top = ground[min(int(place * len(ground)), len(ground) - 1)]
        pen = Pen(image, place, top + (1.04 - top) * far, (0.018 + 0.055 * far) * (0.5 + tone))
        green = (0.20 + 0.32 * tone - 0.08 * far, 0.40 + 0.30 * tone - 0.06 * far, 0.08)
        tip, wide = (0.7 * (lean - 0.5), -1.0), 0.05
        pen.shape(green, (-wide, 0), (wide, 0), tip)
        if kind > 0.92:
            radius = (0.0035 + 0.006 * far) / pen.size
            pen.dot(flowers[int(lean * 4)], tip, radius)
            pen.dot((0.45, 0.26, 0.08), tip, radius * 0.35)
