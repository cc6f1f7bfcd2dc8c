"""From codewords to the frames that spectra are made of. Source: WavTokenizer's decoder/models.py."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.over_time import Layers
from ..layers.zero_conv import ZeroConv
from .mixing import EPSILON, Attention, ClipNorm, Residual

BANDWIDTHS = 4  # rows of the adaptive norms; the authors always take the first


class BandwidthNorm(nn.Module):
    """Layer normalisation with a scale and a shift per bandwidth."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Embedding(BANDWIDTHS, width)
        self.shift = nn.Embedding(BANDWIDTHS, width)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, bandwidth: int) -> Tensor:
        """[item, frame, width], shape kept."""
        normed = F.layer_norm(x, x.shape[-1:], eps=EPSILON)
        return normed * self.scale.weight[bandwidth] + self.shift.weight[bandwidth]


class ConvNext(nn.Module):
    """A depthwise convolution, a norm and an MLP, plus the input."""

    def __init__(self, width: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.dwconv = ZeroConv(width, width, 7, padding=3, groups=width)
        self.norm = BandwidthNorm(width)
        self.pwconv1 = nn.Linear(width, hidden)
        self.pwconv2 = nn.Linear(hidden, width)
        self.gamma = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Tensor, bandwidth: int, lengths: Tensor | None) -> Tensor:
        """[item, width, frame], shape kept."""
        frames = self.norm(self.dwconv(x, lengths).transpose(1, 2), bandwidth)
        frames = self.pwconv2(F.gelu(self.pwconv1(frames))).mul_(self.gamma)
        return frames.transpose(1, 2).add_(x)


class Backbone(nn.Module):
    """Codewords [item, inputs, frame] -> frames [item, frame, width]; sees the whole clip."""

    def __init__(self, inputs: int, width: int, depth: int, hidden: int) -> None:
        super().__init__()
        self.embed = ZeroConv(inputs, width, 7, padding=3)
        self.pos_net = Layers(
            Residual(width),
            Residual(width),
            Attention(width),
            Residual(width),
            Residual(width),
            ClipNorm(width),
        )
        self.norm = BandwidthNorm(width)
        self.convnext = nn.ModuleList(ConvNext(width, hidden, 1 / depth) for _ in range(depth))
        self.final_layer_norm = nn.LayerNorm(width, eps=EPSILON)

    def mixed(self, codewords: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The first half: [item, inputs, frame] -> [item, width, frame]."""
        return self.pos_net(self.embed(codewords, lengths), lengths)

    def forward(
        self, codewords: Tensor, bandwidth: int = 0, lengths: Tensor | None = None
    ) -> Tensor:
        """``lengths`` [item]: frames of each item, None: all."""
        x = self.norm(self.mixed(codewords, lengths).transpose(1, 2), bandwidth).transpose(1, 2)
        for block in self.convnext:
            x = block(x, bandwidth, lengths)
        return self.final_layer_norm(x.transpose(1, 2))
