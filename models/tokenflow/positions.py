"""Learned positions of a vision transformer at another grid than the stored one."""

import torch
import torch.nn.functional as F
from torch import Tensor

OFFSET = 0.1
"""Upstream's quirk, which DINO introduced against rounding: the sides' ratio is passed as the
scale factor (grid + 0.1) / stored, and sampling follows it (16.1 / 14 instead of 16 / 14)."""


def resized_positions(table: Tensor, grid: int) -> Tensor:
    """Positions [1 + g*g, width] with the class token's first -> [1 + grid*grid, width].

    The patches' part is resized bicubically in fp32; a table of the right size is not touched.
    """
    side = round((len(table) - 1) ** 0.5)
    if side == grid:
        return table
    patches = table[1:].T.unflatten(1, (side, side))[None].float()
    factor = (grid + OFFSET) / side
    resized = F.interpolate(patches, scale_factor=(factor, factor), mode="bicubic")
    return torch.cat([table[:1], resized.flatten(2)[0].T.to(table.dtype)])
