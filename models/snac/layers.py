"""The parts of encoder and decoder; tensors are [item, channel, time]."""

from math import ceil

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.inner_conv import InnerConv, InnerConvTranspose
from ..layers.snake import Snake

HEAD = 64  # channels of an attention head
ROTARY_BASE = 10000.0


class Residual(nn.Sequential):
    """Snake, dilated convolution, Snake, pointwise convolution, plus the input."""

    def __init__(self, width: int, dilation: int, groups: int) -> None:
        super().__init__(
            Snake(width),
            InnerConv(width, width, 7, padding=3 * dilation, dilation=dilation, groups=groups),
            Snake(width),
            InnerConv(width, width, 1),
        )

    def forward(self, input: Tensor) -> Tensor:
        """Shape kept."""
        return super().forward(input).add_(input)


class Down(nn.Sequential):
    """Three residual units, then a convolution that halves the rate ``stride`` times over."""

    def __init__(self, width: int, stride: int, depthwise: bool) -> None:
        groups = width if depthwise else 1
        super().__init__(
            *(Residual(width, dilation, groups) for dilation in (1, 3, 9)),
            Snake(width),
            InnerConv(width, 2 * width, 2 * stride, stride, padding=ceil(stride / 2)),
        )


class NoiseGate(nn.Module):
    """Adds noise, scaled by what a pointwise convolution makes of the signal."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = InnerConv(width, width, 1, bias=False)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """``noise`` [item, 1, time] is standard normal."""
        return x + noise * self.linear(x)


class Up(nn.Sequential):
    """A transposed convolution, noise, then three residual units."""

    def __init__(self, width: int, stride: int, depthwise: bool, noise: bool) -> None:
        half = width // 2
        groups = half if depthwise else 1
        grow = InnerConvTranspose(
            width, half, 2 * stride, stride, padding=ceil(stride / 2), output_padding=stride % 2
        )
        gates = [NoiseGate(half)] if noise else []
        units = [Residual(half, dilation, groups) for dilation in (1, 3, 9)]
        super().__init__(Snake(width), grow, *gates, *units)
        self.stride = stride

    def forward(self, input: Tensor, noise: Tensor | None = None) -> Tensor:
        """[item, width, time] -> [item, width / 2, time * stride]; no ``noise``: none is added."""
        x = input
        for layer in self:
            if not isinstance(layer, NoiseGate):
                x = layer(x)
            elif noise is not None:
                x = layer(x, noise)
        return x


class WindowAttention(nn.Module):
    """Self-attention within windows that do not overlap, plus the input.

    Rotary positions count from 0 in each window. Time must be whole windows.
    """

    def __init__(self, width: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.norm = nn.LayerNorm(width)
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.to_out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        normed = self.norm(x.transpose(1, 2))
        query, key, value = rearrange(
            self.to_qkv(normed), "b (w t) (n h d) -> n b w h t d", n=3, t=self.window, d=HEAD
        )
        cosine, sine = self._rotary(x)
        query, key = _rotated(query, cosine, sine), _rotated(key, cosine, sine)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return x + self.to_out(rearrange(mixed, "b w h t d -> b (w t) (h d)")).transpose(1, 2)

    def _rotary(self, x: Tensor) -> tuple[Tensor, Tensor]:
        places = torch.arange(self.window, device=x.device, dtype=torch.float32)
        steps = torch.arange(0, HEAD, 2, device=x.device, dtype=torch.float32) / HEAD
        angles = torch.outer(places, 1.0 / ROTARY_BASE**steps).repeat(1, 2)  # [time, head]
        return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def _rotated(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Channel i turns with channel i + head / 2."""
    first, second = x.chunk(2, dim=-1)
    return x * cosine + torch.cat([-second, first], dim=-1) * sine
