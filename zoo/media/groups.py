"""Which patches of a video share a token, drawn as coloured regions."""

import colorsys

import torch
from torch import Tensor

from .image import to_uint8

_LEAST = 256  # rows of a frame
_SHARE = 0.6  # of the colour over the picture
_GOLDEN = 0.618033988749895  # steps of the hue that keep neighbours apart


def coloured_groups(frames: Tensor, labels: Tensor) -> Tensor:
    """Frames [frames, 3, height, width] with each group in a colour of its own, uint8.

    ``labels`` [frames, rows, columns] numbers the groups; patches that are alone keep their pixels,
    and so do those with a negative label. Groups are parted by lines; small frames are enlarged, so
    that these stay thin.
    """
    enlarged = max(1, -(-_LEAST // frames.shape[2]))
    frames = frames.repeat_interleave(enlarged, 2).repeat_interleave(enlarged, 3)
    _, names, counts = labels.unique(return_inverse=True, return_counts=True)
    merged = (counts[names] > 1) & (labels >= 0)
    colours = torch.tensor([_colour(index) for index in range(len(counts))])
    height, width = frames.shape[2:]
    rows = torch.arange(height) * labels.shape[1] // height
    columns = torch.arange(width) * labels.shape[2] // width
    where = names[:, rows][:, :, columns]  # [frames, height, width]
    drawn = to_uint8(frames).float()
    tint = colours[where].movedim(3, 1)
    share = _SHARE * merged[:, rows][:, :, columns][:, None]
    drawn = drawn * (1 - share) + tint * share
    edges = torch.zeros_like(where, dtype=torch.bool)
    edges[:, 1:] |= where[:, 1:] != where[:, :-1]
    edges[:, :, 1:] |= where[:, :, 1:] != where[:, :, :-1]
    drawn = drawn.masked_fill(edges[:, None], 24.0)
    return drawn.round().to(torch.uint8)


def _colour(index: int) -> list[float]:
    light = (0.95, 0.7)[index % 2]
    return [255 * part for part in colorsys.hsv_to_rgb(index * _GOLDEN % 1, 0.75, light)]
