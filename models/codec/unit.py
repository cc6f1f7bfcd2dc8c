"""The one block of both networks; tensors are [item, channel, position]."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.over_time import Memory, OverTime


class Unit(OverTime):
    """Mixes the past channel by channel, then the channels; adds the result to its input.

    What it adds is as loud as what it sees: speech has a range of 40 dB within a second, and a
    network that must learn every level anew learns slowly. It sees nothing that comes later, so
    what stands behind an item's end in a batch cannot reach it.
    Source: the block of ConvNeXt (Liu et al. 2022, arXiv 2201.03545), causal, its normalisation
    undone at the end.
    """

    FAINTEST = 1e-8  # of the mean square

    def __init__(self, width: int, hidden: int, kernel: int) -> None:
        super().__init__()
        self.past = nn.Conv1d(width, width, kernel, groups=width)
        self.grow = nn.Linear(width, hidden)
        self.shrink = nn.Linear(hidden, width)

    @property
    def context(self) -> int:
        """Positions before the present one that are seen."""
        return self.past.kernel_size[0] - 1

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept; zeros stand before the start."""
        return x + self._change(F.pad(x, (self.context, 0)))

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next positions, maybe none."""
        if not x.shape[-1]:
            return x
        before = memory.get(self)
        seen = F.pad(x, (self.context, 0)) if before is None else torch.cat([before, x], dim=-1)
        memory[self] = seen[..., seen.shape[-1] - self.context :]
        return x + self._change(seen)

    def _change(self, x: Tensor) -> Tensor:
        """[item, width, context + n] -> [item, width, n], what is added to the last n."""
        mixed = self.past(x).transpose(1, 2).float()  # [item, n, width]
        loudness = (mixed.square().mean(-1, keepdim=True) + self.FAINTEST).sqrt()
        change = self.shrink(F.gelu(self.grow((mixed / loudness).to(x.dtype))))
        return (change * loudness.to(x.dtype)).transpose(1, 2)
