"""Semantic encoders: the vision towers of OpenAI's CLIP and of SigLIP, images in, patches out.

Source: openai/CLIP ``clip/model.py`` and transformers' ``SiglipVisionModel``, as TokenFlow runs
them (ByteFlow-AI/TokenFlow 9812da0). README.md says why these are not the libraries' classes.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from ..layers.beit import BeitAttention
from .positions import resized_positions


def quick_gelu(x: Tensor) -> Tensor:
    """OpenAI CLIP's cheap GELU."""
    return x * torch.sigmoid(1.702 * x)


def tanh_gelu(x: Tensor) -> Tensor:
    """GELU in its tanh approximation."""
    return F.gelu(x, approximate="tanh")


class SplitAttention(nn.Module):
    """Multi-head self-attention with three separate projections."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """[b, n, width] -> [b, n, width]; every token sees every token."""
        q, k, v = (
            rearrange(part(x), "b n (h d) -> b h n d", h=self.heads)
            for part in (self.query, self.key, self.value)
        )
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.out(rearrange(mixed, "b h n d -> b n (h d)"))


class Block(nn.Module):
    """x + attention(norm x), then x + mlp(norm x)."""

    def __init__(
        self,
        attention: nn.Module,
        width: int,
        hidden: int,
        activation: Callable[[Tensor], Tensor],
        eps: float,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attention = attention
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        """[b, n, width] -> [b, n, width]."""
        x = x + self.attention(self.norm1(x))
        return x + self.fc2(self.activation(self.fc1(self.norm2(x))))


class ClipTower(nn.Module):
    """CLIP's ViT with its last norm on every token; the class token is dropped at the end."""

    eps = 1e-5

    def __init__(
        self, grid: int, patch: int, width: int, depth: int, heads: int, hidden: int
    ) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, stride=patch, bias=False)
        self.class_token = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positions = nn.Parameter(torch.randn(1 + grid * grid, width) * width**-0.5)
        self.norm_in = nn.LayerNorm(width, eps=self.eps)
        self.blocks = nn.Sequential(
            *(
                Block(
                    BeitAttention(width, heads, key_bias=True),  # a plain ViT's fused attention
                    width,
                    hidden,
                    quick_gelu,
                    self.eps,
                )
                for _ in range(depth)
            )
        )
        self.norm_out = nn.LayerNorm(width, eps=self.eps)

    def forward(self, images: Tensor) -> Tensor:
        """Images [b, 3, H, W] -> patch features [b, n, width], row by row.

        Upstream feeds pixels in -1..1 here, not pixels scaled by CLIP's own mean and deviation.
        """
        patches = self.patches(images)
        x = patches.flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)
        x = x + resized_positions(self.positions, patches.shape[-1])
        return self.norm_out(self.blocks(self.norm_in(x)))[:, 1:]


class SiglipTower(nn.Module):
    """SigLIP's ViT up to its last block but one, without final norm and pooling head."""

    eps = 1e-6

    def __init__(
        self, grid: int, patch: int, width: int, depth: int, heads: int, hidden: int
    ) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.positions = nn.Parameter(torch.randn(grid * grid, width) * width**-0.5)
        self.blocks = nn.Sequential(
            *(
                Block(SplitAttention(width, heads), width, hidden, tanh_gelu, self.eps)
                for _ in range(depth)
            )
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images [b, 3, H, W], about -1..1 -> patch features [b, n, width], row by row.

        Upstream brings pixels to 0..255, clamps them and comes back: done alike, in its order.
        The few pixels beyond the last whole patch are not seen.
        """
        clamped = ((images + 1) * 127.5).clamp(0, 255) / 255
        x = self.patches((clamped - 0.5) / 0.5).flatten(2).transpose(1, 2)
        return self.blocks(x + self.positions)


TOWERS: dict[str, type[ClipTower] | type[SiglipTower]] = {"clip": ClipTower, "siglip": SiglipTower}
