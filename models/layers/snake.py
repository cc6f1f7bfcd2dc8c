"""Snake, the periodic activation of sound networks; tensors are [item, channel, time]."""

import torch
from torch import Tensor, nn

EPSILON = 1e-9


class Snake(nn.Module):
    """x + sin(alpha x)^2 / alpha, with an alpha per channel.

    Source: Ziyin et al. 2020, arXiv 2006.08195, as the Descript codec has it.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Shape kept."""
        return snake(x, self.alpha, self.alpha)


def snake(x: Tensor, frequency: Tensor, height: Tensor) -> Tensor:
    """x + sin(frequency x)^2 / height.

    In place after the first step: this is up to a third of a codec's time.
    """
    wave = (frequency * x).sin_().square_()
    return wave.mul_((height + EPSILON).reciprocal()).add_(x)
