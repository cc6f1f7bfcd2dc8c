"""Convolutions that see zeros around each item of a batch; tensors are [item, channel, time]."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .over_time import Memory, OverTime, cleared
from .streaming import nothing, transposed_step


class ZeroConv(nn.Conv1d, OverTime):
    """A convolution padded with zeros."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time / stride], as torch counts it."""
        return super().forward(cleared(input, lengths))

    def after(self, lengths: Tensor) -> Tensor:
        """Source: torch's documentation of Conv1d."""
        (kernel,), (stride,), (dilation,) = self.kernel_size, self.stride, self.dilation
        assert isinstance(self.padding, tuple)  # numbers, not "same"
        return (lengths + 2 * self.padding[0] - dilation * (kernel - 1) - 1) // stride + 1

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece."""
        (kernel,), (stride,), (dilation,) = self.kernel_size, self.stride, self.dilation
        assert isinstance(self.padding, tuple)
        held = memory.get(self)
        if held is None:
            held = x.new_zeros(*x.shape[:2], self.padding[0])
        x = F.pad(torch.cat([held, x], dim=-1), (0, self.padding[0] if last else 0))
        span = (kernel - 1) * dilation + 1
        count = max(0, (x.shape[-1] - span) // stride + 1)
        memory[self] = x[..., count * stride :].clone()  # a view would keep the whole piece
        if not count:
            return nothing(x, self.out_channels)
        given = x[..., : (count - 1) * stride + span]
        return F.conv1d(given, self.weight, self.bias, stride, 0, dilation, self.groups)


class ZeroUp(nn.ConvTranspose1d, OverTime):
    """A transposed convolution; of kernel 2 strides and cut to time * stride where it ``step``s."""

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]  # no output_size here
        self, input: Tensor, lengths: Tensor | None = None
    ) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time * stride], as torch counts it."""
        return super().forward(cleared(input, lengths))

    def after(self, lengths: Tensor) -> Tensor:
        """Source: torch's documentation of ConvTranspose1d."""
        (kernel,), (stride,), (dilation,) = self.kernel_size, self.stride, self.dilation
        assert isinstance(self.padding, tuple)
        rest = dilation * (kernel - 1) + self.output_padding[0] + 1 - 2 * self.padding[0]
        return (lengths - 1) * stride + rest

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece."""
        assert isinstance(self.padding, tuple)
        return transposed_step(self, x, memory, last, self.padding[0])
