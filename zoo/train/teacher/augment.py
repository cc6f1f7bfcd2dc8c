"""Random crops, mirroring, brightness and contrast: a whole batch at once, on any device."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def random_crops(
    pictures: Tensor, size: int, area: tuple[float, float], random: torch.Generator
) -> Tensor:
    """Cut a part of each picture and scale it to a square.

    Args:
        pictures: [b, 3, h, w], floating point.
        size: side of what is returned.
        area: least and largest share of the picture's area; the aspect ratio is 3:4 to 4:3.
        random: a generator on the CPU. Half of the pictures are mirrored.

    Returns:
        [b, 3, size, size].
    """
    count = len(pictures)
    share = torch.empty(count).uniform_(*area, generator=random)
    ratio = torch.empty(count).uniform_(-1, 1, generator=random).mul(math.log(4 / 3)).exp()
    width, height = (share * ratio).sqrt().clamp(max=1), (share / ratio).sqrt().clamp(max=1)
    x, y = torch.empty(2, count).uniform_(-1, 1, generator=random)
    mirror = torch.randint(2, (count,), generator=random) * 2.0 - 1
    zero = torch.zeros(count)
    rows = [width * mirror, zero, x * (1 - width), zero, height, y * (1 - height)]
    maps = torch.stack(rows, 1).view(count, 2, 3).to(pictures)
    places = F.affine_grid(maps, [count, 3, size, size], align_corners=False)
    return F.grid_sample(pictures, places, padding_mode="reflection", align_corners=False)


def random_light(pictures: Tensor, amount: float, random: torch.Generator) -> Tensor:
    """Change brightness and contrast of each picture by up to ``amount``, once each."""
    gain, shift = torch.empty(2, len(pictures), 1, 1, 1).uniform_(-1, 1, generator=random) * amount
    gain, shift = gain.to(pictures), shift.to(pictures)
    centre = pictures.mean((1, 2, 3), keepdim=True)
    return (pictures - centre) * (1 + gain) + centre + shift * 0.5
