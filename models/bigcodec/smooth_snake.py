"""Snake without aliasing: at twice the rate, between two low-pass filters.

Source: BigCodec's vq/activations.py (SnakeBeta) and vq/alias_free_torch, after Karras et al. 2021,
arXiv 2106.12423, and Lee et al. 2022 (BigVGAN), arXiv 2206.04658.
"""

from functools import cache
from math import pi

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.ends import repeat_each
from ..layers.over_time import Memory, OverTime
from ..layers.snake import snake
from ..layers.streaming import nothing

TAPS = 12
REACH = 5  # samples on either side that an output depends on, through both filters
_CUTOFF, _TRANSITION = 0.25, 0.3  # cycles per sample at the higher rate


class SmoothSnake(OverTime):
    """x + sin(alpha x)^2 / beta at twice the rate, with an alpha and a beta per channel.

    Both are kept as logarithms. Beyond its ends a sound goes on with its first and last value.
    """

    filter: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.zeros(width))
        self.beta = nn.Parameter(torch.zeros(width))
        with torch.device("cpu"):  # a constant that no state dict needs
            self.register_buffer("filter", low_pass().clone(), persistent=False)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept."""
        width = x.shape[1]
        taps = self.filter.to(x.dtype).expand(width, 1, -1)
        wide = _continued(x, 5, 5, lengths)
        # Two samples for one lose half of their power each: the filter's gain is 2.
        twice = F.conv_transpose1d(wide, 2 * taps, stride=2, padding=15, groups=width)
        wave = snake(twice, self.alpha.exp()[:, None], self.beta.exp()[:, None])
        wide = _continued(wave, 5, 6, None if lengths is None else 2 * lengths)
        return F.conv1d(wide, taps, stride=2, groups=width)

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece."""
        held, told = memory.get(self, (x[..., :0], 0))  # input, and how much of it has been told
        x = torch.cat([held, x], dim=-1)
        final = x.shape[-1] if last else max(told, x.shape[-1] - REACH)
        out = self(x)[..., told:final] if final > told else nothing(x, x.shape[1])
        start = max(0, final - REACH)
        memory[self] = x[..., start:].clone(), final - start  # a view would keep the piece
        return out


def _continued(x: Tensor, before: int, end: int, lengths: Tensor | None) -> Tensor:
    if lengths is None:
        return F.pad(x, (before, end), mode="replicate")
    return repeat_each(F.pad(x, (before, end)), before, lengths, end)


@cache
def low_pass() -> Tensor:
    """The filter [tap]: a sinc under a Kaiser window, normalised to sum 1."""
    attenuation = 2.285 * (TAPS // 2 - 1) * pi * 4 * _TRANSITION + 7.95
    beta = 0.1102 * (attenuation - 8.7)  # Kaiser's formula above 50 dB
    time = torch.arange(-TAPS // 2, TAPS // 2) + 0.5
    window = torch.kaiser_window(TAPS, periodic=False, beta=beta)
    taps = 2 * _CUTOFF * window * torch.sinc(2 * _CUTOFF * time)
    return taps / taps.sum()
