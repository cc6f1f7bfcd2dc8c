"""Units to sound: the generator of HiFi-GAN behind an embedding of units.

Source: Duret et al. 2024, arXiv 2406.10735, and Kong et al. 2020, arXiv 2010.05646, as
speechbrain 1.1's UnitHifiganGenerator computes them.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .config import Vocoder

SLOPE = 0.1  # of the leaky activations; torch's default of 0.01 before the last convolution


class MirroredConv(nn.Conv1d):
    """A convolution that keeps the length: both ends are mirrored."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, dilation=dilation)
        self.mirrored = dilation * (kernel - 1) // 2

    def forward(self, input: Tensor) -> Tensor:
        """[item, channel, time] -> [item, channel, time]."""
        return super().forward(F.pad(input, (self.mirrored, self.mirrored), mode="reflect"))


class Block(nn.Module):
    """Pairs of convolutions, the first of each dilated, each pair added to its input."""

    def __init__(self, channels: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(MirroredConv(channels, channels, kernel, d) for d in dilations)
        self.convs2 = nn.ModuleList(MirroredConv(channels, channels, kernel) for _ in dilations)

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        for dilated, plain in zip(self.convs1, self.convs2, strict=True):
            x = plain(F.leaky_relu(dilated(F.leaky_relu(x, SLOPE)), SLOPE)) + x
        return x


class UnitVocoder(nn.Module):
    """[item, slot, position] of units -> [item, 1, position * hop]."""

    def __init__(self, config: Vocoder, slots: int, clusters: int) -> None:
        super().__init__()
        self.clusters = clusters
        self.unit_embedding = nn.Embedding(slots * clusters + 1, config.embedding)
        self.attn_pooling = nn.Sequential(
            nn.Linear(config.embedding, config.attention),
            nn.ReLU(),
            nn.Linear(config.attention, 1, bias=False),
        )
        self.conv_pre = MirroredConv(config.embedding, config.channels, 7)
        widths = [config.channels >> level for level in range(len(config.upsampling) + 1)]
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(wide, wide // 2, kernel, stride, (kernel - stride) // 2)
            for wide, kernel, stride in zip(
                widths[:-1], config.kernels, config.upsampling, strict=True
            )
        )
        self.resblocks = nn.ModuleList(
            Block(width, kernel, config.dilations)
            for width in widths[1:]
            for kernel in config.block_kernels
        )
        self.conv_post = MirroredConv(widths[-1], 1, 7)
        self.blocks = len(config.block_kernels)
        # What is mirrored must be there: in front of the first convolution, and of the widest
        # block behind the first upsampling.
        widest = max(config.dilations) * (max(config.block_kernels) - 1) // 2
        self.shortest = max(4, widest // config.upsampling[0] + 1)

    def forward(self, units: Tensor) -> Tensor:
        """Units -1 stand for a layer that is not there. At least ``shortest`` positions."""
        starts = torch.arange(units.shape[1], device=units.device) * self.clusters + 1
        ids = torch.where(units >= 0, units + starts[:, None], 0)
        embedded = self.unit_embedding(ids.transpose(1, 2))  # [item, position, slot, dim]
        weights = self.attn_pooling(embedded).softmax(2)
        x = self.conv_pre((embedded * weights).sum(2).transpose(1, 2))
        for level, up in enumerate(self.ups):
            x = up(F.leaky_relu(x, SLOPE))
            first = level * self.blocks
            x = self._mean([cast(Block, b)(x) for b in self.resblocks[first : first + self.blocks]])
        return self.conv_post(F.leaky_relu(x)).tanh()

    @staticmethod
    def _mean(parts: list[Tensor]) -> Tensor:
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total / len(parts)
