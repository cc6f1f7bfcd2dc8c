"""A convolution over little sound: the product of its windows and its weight.

torch asks oneDNN only for convolutions over more than 20480 numbers, and computes those over fewer
in a slow way of its own. Where channels lie innermost in memory, a window is one row of numbers,
and all of them times the weight in the same order are up to three times as fast. So the weight is
put in that order, once for all the steps of a sound.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

LITTLE = 2**15  # numbers
LIGHT = 2**17  # numbers of a weight; of a larger one, the copy costs more than it gains


class Windows:
    """A convolution without padding, whose weight stays as it was at the first little sound."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self.conv = conv
        (self.kernel,), (self.stride,), (self.dilation,) = (
            conv.kernel_size,
            conv.stride,
            conv.dilation,
        )
        self.weight: Tensor | None = None  # [kernel * inputs, outputs]

    def __call__(self, x: Tensor) -> Tensor:
        """[item, inputs, time] -> [item, outputs, window]; at least one window."""
        if x.numel() > LITTLE:
            return self.conv(x)
        if self.weight is None:
            self.weight = self.conv.weight.permute(2, 1, 0).flatten(0, 1)
        items, inputs, time = x.shape
        count = (time - (self.kernel - 1) * self.dilation - 1) // self.stride + 1
        rows = x.transpose(1, 2).contiguous()
        windows = rows.as_strided(
            (items, count, self.kernel, inputs),
            (time * inputs, self.stride * inputs, self.dilation * inputs, 1),
        ).reshape(items * count, -1)
        bias = self.conv.bias
        out = windows @ self.weight if bias is None else torch.addmm(bias, windows, self.weight)
        return out.view(items, count, -1).transpose(1, 2)


def over_windows(conv: nn.Conv1d) -> Callable[[Tensor], Tensor]:
    """``conv``, faster for little sound where that pays.

    A weight that torch makes anew in each call, as weight norm does, is left to it.
    """
    weight = conv.weight
    plain = conv.groups == 1 and not any(conv.padding) and not is_parametrized(conv, "weight")
    if not plain or weight.numel() > LIGHT or weight.device.type != "cpu":
        return conv
    return Windows(conv)
