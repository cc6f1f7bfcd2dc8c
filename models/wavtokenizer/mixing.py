"""What lets all frames of a clip see one another: residual units with statistics, attention.

Tensors are [item, channel, frame]. With ``lengths`` [item], frames behind an item's end count for
nothing. Source: WavTokenizer's decoder/models.py, whose blocks are those of latent diffusion.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.over_time import OverTime, beyond
from ..layers.zero_conv import ZeroConv

GROUPS = 32
EPSILON = 1e-6


class ClipNorm(nn.GroupNorm, OverTime):
    """Group normalisation whose mean and variance run over all frames of an item."""

    def __init__(self, width: int) -> None:
        super().__init__(GROUPS, width, eps=EPSILON)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept."""
        if lengths is None:
            return super().forward(input)
        groups = input.unflatten(1, (GROUPS, -1)).float()  # [item, group, channel, frame]
        tail = beyond(input, lengths)[:, None]
        count = (lengths * groups.shape[2])[:, None, None, None]
        mean = groups.masked_fill(tail, 0).sum((2, 3), keepdim=True) / count
        centred = (groups - mean).masked_fill_(tail, 0)
        variance = centred.square().sum((2, 3), keepdim=True) / count
        normed = (centred * (variance + EPSILON).rsqrt()).flatten(1, 2).to(input.dtype)
        return normed * self.weight[:, None] + self.bias[:, None]


class Residual(OverTime):
    """Twice norm, swish and convolution, plus the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = ClipNorm(width)
        self.conv1 = ZeroConv(width, width, 3, padding=1)
        self.norm2 = ClipNorm(width)
        self.conv2 = ZeroConv(width, width, 3, padding=1)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept."""
        hidden = self.conv1(F.silu(self.norm1(x, lengths), inplace=True), lengths)
        hidden = self.conv2(F.silu(self.norm2(hidden, lengths), inplace=True), lengths)
        return hidden.add_(x)


class Attention(OverTime):
    """Every frame attends to all of its item, with one head; plus the input.

    Scores are never written down, so memory grows with the clip and not with its square.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = ClipNorm(width)
        self.q = nn.Conv1d(width, width, 1)
        self.k = nn.Conv1d(width, width, 1)
        self.v = nn.Conv1d(width, width, 1)
        self.proj_out = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept."""
        normed = self.norm(x, lengths)
        # Channels must lie innermost: else torch takes the way that writes scores down.
        query, key, value = (
            part(normed).transpose(1, 2).contiguous()[:, None] for part in (self.q, self.k, self.v)
        )  # [item, 1, frame, channel]
        if lengths is None:
            mixed = F.scaled_dot_product_attention(query, key, value)
        else:
            mixed = torch.zeros_like(query)
            for item, length in enumerate(lengths.tolist()):
                here = (slice(item, item + 1), slice(None), slice(length))
                mixed[here] = F.scaled_dot_product_attention(query[here], key[here], value[here])
        return self.proj_out(mixed[:, 0].transpose(1, 2)).add_(x)
