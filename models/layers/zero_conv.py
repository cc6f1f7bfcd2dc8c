"""Convolutions that see zeros around each item of a batch; tensors are [item, channel, time]."""

from torch import Tensor, nn

from .over_time import OverTime, cleared


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


class ZeroUp(nn.ConvTranspose1d, OverTime):
    """A transposed convolution."""

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
