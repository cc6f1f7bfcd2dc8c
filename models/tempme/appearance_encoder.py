"""Moments and tokens of groups -> the vectors that are quantised. Ours; TempMe has no codebook."""

import torch
from torch import Tensor, nn

from .block import MLP, Attention
from .source_map import group_mean, group_sizes


class GroupBlock(nn.Module):
    """x + attention(norm x), then x + mlp(norm x), among the groups of a window."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        """[item, group, width] -> the same."""
        x = x + self.attention(self.norm1(x))[0]
        return x + self.mlp(self.norm2(x))


class GroupPlaces(nn.Module):
    """Where a group is: the mean of its patches' position vectors, and how many it has."""

    def __init__(self, grid: tuple[int, int, int], width: int) -> None:
        super().__init__()
        frames, rows, columns = grid
        self.time = nn.Parameter(torch.randn(frames, 1, 1, width) * 0.1)
        self.space = nn.Parameter(torch.randn(rows, columns, width) * 0.1)
        self.size = nn.Parameter(torch.randn(width) * 0.02)

    def forward(self, source: Tensor, groups: int) -> Tensor:
        """[item, frame, row, column] -> [item, group, width]."""
        table = (self.time + self.space).expand(len(source), -1, -1, -1, -1)
        sizes = group_sizes(source, groups).log2()[..., None]
        return group_mean(table, source, groups) + sizes * self.size


class AppearanceEncoder(nn.Module):
    """A linear map of the moments, and what a small transformer over the groups adds to it."""

    def __init__(
        self,
        moments: int,
        tokens: int,
        dim: int,
        grid: tuple[int, int, int],
        width: int,
        depth: int,
        heads: int,
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(moments, dim)
        self.of_linear = nn.Linear(dim, width)
        self.norm_tokens = nn.LayerNorm(tokens)
        self.of_tokens = nn.Linear(tokens, width)
        self.places = GroupPlaces(grid, width)
        self.blocks = nn.Sequential(*(GroupBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, dim)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, moments: Tensor, tokens: Tensor, source: Tensor) -> Tensor:
        """[item, group, moments], [item, group, tokens] and the map -> [item, group, dim]."""
        plain = self.linear(moments)
        x = self.of_linear(plain) + self.of_tokens(self.norm_tokens(tokens))
        x = self.blocks(x + self.places(source, moments.shape[1]))
        return plain + self.head(self.norm(x))
