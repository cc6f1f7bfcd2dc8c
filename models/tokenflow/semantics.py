"""The semantic half: a tower and what makes codes of its features, and the way back to features.

Source: upstream ``vq_model.py`` and ``vqkd_model.py`` (ByteFlow-AI/TokenFlow 9812da0); the decoder
is BEiT v2's, arXiv 2208.06366.
"""

import torch
from torch import Tensor, nn

from ..layers.beit import BeitBlock
from .positions import resized_positions


def tanh_head(width: int, out: int) -> nn.Sequential:
    """Linear, tanh, linear: how features become codes, and the reverse."""
    return nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, out))


class SemanticEncoder(nn.Module):
    """Images [b, 3, H, W] in -1..1 -> the semantic part of what is quantised."""

    def __init__(self, tower: nn.Module, width: int, dims: int) -> None:
        super().__init__()
        self.tower = tower
        self.head = tanh_head(width, dims)

    def project(self, features: Tensor) -> Tensor:
        """The tower's features [b, g*g, width] -> [b, dims, g, g]."""
        codes = self.head(features).transpose(1, 2)
        side = round(codes.shape[2] ** 0.5)
        return codes.unflatten(2, (side, side))

    def forward(self, images: Tensor) -> Tensor:
        """[b, 3, H, W] -> [b, dims, g, g]."""
        return self.project(self.tower(images))


class SemanticDecoder(nn.Module):
    """Semantic codes [b, dims, g, g] -> features of the teacher [b, g*g, out]."""

    eps = 1e-6

    def __init__(
        self, dims: int, grid: int, width: int, depth: int, heads: int, hidden: int, out: int
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(dims, width)
        self.class_token = nn.Parameter(torch.randn(width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1 + grid * grid, width) * 0.02)
        self.blocks = nn.Sequential(
            *(BeitBlock(width, heads, hidden, eps=self.eps) for _ in range(depth))
        )
        self.norm = nn.LayerNorm(width, eps=self.eps)
        self.head = tanh_head(width, out)

    def forward(self, codes: Tensor) -> Tensor:
        """[b, dims, g, g] -> [b, g*g, out]; the class token is seen but not returned."""
        x = self.embed(codes.flatten(2).transpose(1, 2).to(self.embed.weight.dtype))
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)
        x = self.blocks(x + resized_positions(self.positions, codes.shape[-1]))
        return self.head(self.norm(x[:, 1:]))
