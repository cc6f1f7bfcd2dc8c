"""Ways to bring a picture to another size; images are [3, height, width], uint8 or float32.

Resizing is done by Pillow on 8-bit pixels, as the upstream pipelines do: resizing float pixels
gives other values (up to 14 levels for bicubic) and with them other ids. torchvision's resize of
8-bit pixels is the fast way: its values are within 2 of Pillow's.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from .image import to_uint8

Size = tuple[int, int]
Box = tuple[int, int, int, int]  # top, left, height, width

PADDING = 127  # the grey that a model with inputs in -1..1 sees as 0
# With more pixels than this (a strip of 1 x 5000, say) an intermediate picture is not made whole.
_WHOLE = 1 << 26


@dataclass(frozen=True)
class Filter:
    """How pixels are mixed, and by whom."""

    kernel: Image.Resampling
    fast: bool = False
    """By torchvision, where it knows the kernel."""


def resize(image: Tensor, size: Size, resample: Filter, window: Box | None = None) -> Tensor:
    """Resize to ``size`` with Pillow, on 8 bits, and cut out ``window`` of the resized picture.

    An image that has the size is not touched.
    """
    height, width = image.shape[1:]
    top, left, rows, columns = window or (0, 0, *size)
    box = None
    if (height, width) != size and resample.fast and size[0] * size[1] <= _WHOLE:
        image = _fast_resize(to_uint8(image), size, resample.kernel)
    elif (height, width) != size:
        picture = Image.fromarray(to_uint8(image).permute(1, 2, 0).contiguous().numpy())
        if size[0] * size[1] > _WHOLE and window is not None:
            # Only the window is computed, and as much around it as a filter reaches (Pillow 13
            # looks at nothing outside the box). Equal up to rounding, where Pillow takes rows and
            # columns in the same order; where not, overshoot is clipped at another moment.
            first_row, last_row, upper, lower = _reach(top, rows, size[0], height)
            first, last, start, stop = _reach(left, columns, size[1], width)
            box = (start, upper, stop, lower)
            size = (last_row - first_row, last - first)
            top, left = top - first_row, left - first
        resized = picture.resize((size[1], size[0]), resample.kernel, box)
        image = torch.from_numpy(np.array(resized)).permute(2, 0, 1)
    return image[:, top : top + rows, left : left + columns]


def _fast_resize(image: Tensor, size: Size, kernel: Image.Resampling) -> Tensor:
    """uint8 -> uint8, antialiased, by the code that torchvision's resize calls."""
    name = kernel.name.lower()
    return interpolate(image[None], size, mode=name, antialias=True)[0]


def _reach(start: int, length: int, new: int, old: int) -> tuple[int, int, float, float]:
    """A stretch of the resized axis widened by a filter's reach, and its ends in old pixels."""
    scale = old / new
    margin = math.ceil(4 * max(1.0, 1 / scale))  # Lanczos, the widest, reaches three
    first, last = max(0, start - margin), min(new, start + length + margin)
    return first, last, first * scale, min(last * scale, float(old))


def crop(image: Tensor, size: Size, resample: Filter) -> tuple[Tensor, Box]:
    """Resize until ``size`` is just covered, cut out its centre; also the rectangle seen."""
    height, width = image.shape[1:]
    rows, columns = size
    if height * columns <= width * rows:
        scaled = rows, max(columns, int(rows * width / height))
    else:
        scaled = max(rows, int(columns * height / width)), columns
    # round() goes to the even neighbour of a half, as in torchvision's CenterCrop.
    window = (round((scaled[0] - rows) / 2), round((scaled[1] - columns) / 2), rows, columns)
    return resize(image, scaled, resample, window), _mapped(window, scaled, (height, width))


def adm_crop(image: Tensor, side: int, resample: Filter) -> tuple[Tensor, Box]:
    """As ``crop``, to a square, after halving with a box filter where that can be done.

    Source: openai/guided-diffusion, image_datasets.py, center_crop_arr.
    """
    original: Size = (image.shape[1], image.shape[2])
    height, width = original
    while min(height, width) >= 2 * side:
        height, width = height // 2, width // 2
        image = resize(image, (height, width), Filter(Image.Resampling.BOX))
    scale = side / min(height, width)
    scaled = round(height * scale), round(width * scale)
    window = ((scaled[0] - side) // 2, (scaled[1] - side) // 2, side, side)
    return resize(image, scaled, resample, window), _mapped(window, scaled, original)


def _mapped(window: Box, scaled: Size, original: Size) -> Box:
    """The rectangle of the original that a window of the scaled picture shows, in whole pixels."""
    spans = []
    for start, length, new, old in zip(window[:2], window[2:], scaled, original, strict=True):
        first = min(round(start * old / new), old - 1)
        spans.append((first, max(1, round((start + length) * old / new) - first)))
    (top, rows), (left, columns) = spans
    return top, left, rows, columns


def pad(image: Tensor, size: Size, resample: Filter) -> tuple[Tensor, Box]:
    """Centre on a grey canvas of ``size``'s proportions, resize; also the place on the result.

    The place is (height, width, top, left). Source: LLaVA's expand2square with a mean of 0.5.
    """
    height, width = image.shape[1:]
    rows, columns = size
    full = (
        max(height, math.ceil(width * rows / columns)),
        max(width, math.ceil(height * columns / rows)),
    )
    place = ((full[0] - height) // 2, (full[1] - width) // 2, height, width)
    inside = _mapped(place, full, size)
    if full[0] * full[1] > _WHOLE:
        image = resize(image, inside[2:], resample)
        full, place = size, inside
    top, left, height, width = place
    grey = PADDING if image.dtype == torch.uint8 else PADDING / 255
    board = torch.full((3, *full), grey, dtype=image.dtype)
    board[:, top : top + height, left : left + width] = image
    top, left, height, width = inside
    return resize(board, size, resample), (height, width, top, left)
