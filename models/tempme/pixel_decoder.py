"""Codes of groups back to pixels. Ours; TempMe has no decoder.

A transformer over the groups gives each its moments, which the map spreads over its patches; then
convolutions over space and time, on patches and on quarters of them, add what neighbours tell:
seams, edges, motion. Both parts start silent, so that training begins at the linear decoder.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from .appearance import render
from .appearance_encoder import GroupBlock, GroupPlaces
from .source_map import unmerge


class PixelDecoder(nn.Module):
    """Codes [item, group, dim] and their map -> patches [item, frame, row, column, pixels]."""

    def __init__(
        self,
        dim: int,
        moments: int,
        grid: tuple[int, int, int],
        width: int,
        depth: int,
        heads: int,
        refiner: nn.Module,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, moments)
        self.embed = nn.Linear(dim, width)
        self.places = GroupPlaces(grid, width)
        self.blocks = nn.Sequential(*(GroupBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, moments)
        self.refiner = refiner
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, codes: Tensor, source: Tensor, offsets: Tensor | None) -> Tensor:
        """``source`` int [item, frame, row, column]; ``offsets`` if moments have changes in them."""
        x = self.norm(self.blocks(self.embed(codes) + self.places(source, codes.shape[1])))
        patches = render(self.linear(codes) + self.head(x), source, offsets)
        return patches + self.refiner(patches, unmerge(x, source))


class Refiner(nn.Module):
    """Corrects rendered patches by what stands around them, at two scales."""

    def __init__(
        self, pixels: int, context: int, width: int, depth: int, fine_width: int, fine_depth: int
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(pixels + context, width)
        self.coarse = nn.Sequential(*(SpaceTimeConv(width) for _ in range(depth)))
        self.split = nn.Linear(width, 4 * fine_width)
        self.fine = nn.Sequential(*(SpaceTimeConv(fine_width) for _ in range(fine_depth)))
        self.head = nn.Linear(fine_width, pixels // 4)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, patches: Tensor, context: Tensor) -> Tensor:
        """[item, frame, row, column, ...] twice -> what to add to the patches."""
        x = self.embed(torch.cat([patches, context], dim=-1))
        x = self.split(_channels_last(self.coarse(_channels_first(x))))
        x = rearrange(x, "b t h w (c p q) -> b c t (h p) (w q)", p=2, q=2)
        x = self.head(_channels_last(self.fine(x)))  # [item, frame, 2 rows, 2 columns, pixels / 4]
        side = round((x.shape[-1] // 3) ** 0.5)
        return rearrange(
            x, "b t (h i) (w j) (c p q) -> b t h w (c i p j q)", i=2, j=2, p=side, q=side
        )


class SpaceTimeConv(nn.Module):
    """x + a 3 x 3 convolution in each frame, one of 3 frames at each place, and a mix of channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(1, width)
        self.space = nn.Conv3d(width, width, (1, 3, 3), padding=(0, 1, 1))
        self.time = nn.Conv3d(width, width, (3, 1, 1), padding=(1, 0, 0))
        self.mix = nn.Conv3d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[item, width, frame, row, column] -> the same."""
        return x + self.mix(F.gelu(self.time(F.gelu(self.space(self.norm(x))))))


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 4, 1, 2, 3)


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 4, 1)
