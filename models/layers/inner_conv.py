"""torch's convolutions over time, faster on the CPU: with channels innermost in memory.

oneDNN computes strided and pointwise convolutions up to 1.5 times as fast where the channels of
one time lie side by side, but torch's one-dimensional layers do not ask it to. These do; tensors
are [item, channel, time] as ever, only their strides differ. Where a step of a stream brings next
to no time, a plain matrix product is up to 15 times as fast. Other devices are left alone.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .few_rows import times, times_turned


class InnerConv(nn.Conv1d):
    """``nn.Conv1d``, whose padding is a number."""

    def forward(self, input: Tensor) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time / stride]."""
        if self.groups == 1 and self.few_windows(input):
            return self._product(self._padded(input))
        if not pays(input, self.weight):
            return super().forward(input)
        if self.in_channels == 1 == self.dilation[0]:
            windows = self._padded(input)[:, 0].unfold(1, self.kernel_size[0], self.stride[0])
            return F.linear(windows, self.weight[:, 0], self.bias).transpose(1, 2)
        assert isinstance(self.padding, tuple)
        point = self.kernel_size == (1,)  # torch asks oneDNN for these only where they stride
        out = F.conv2d(
            inner(input),
            self.weight[:, :, None],
            self.bias,
            (1 + point, self.stride[0]),
            (0, self.padding[0]),
            (1, self.dilation[0]),
            self.groups,
        )
        return out[:, :, 0]

    def few_windows(self, x: Tensor) -> bool:
        """On the CPU, where there are fewer windows than half a weight has rows."""
        windows = len(x) * (x.shape[-1] // self.stride[0])
        return x.device.type == "cpu" and 2 * windows <= self.out_channels

    def _padded(self, x: Tensor) -> Tensor:
        assert isinstance(self.padding, tuple)
        return F.pad(x, (self.padding[0], self.padding[0])) if self.padding[0] else x

    def _product(self, x: Tensor) -> Tensor:
        """The same, as every window [inputs * kernel] times all weights."""
        (kernel,), (stride,), (dilation,) = self.kernel_size, self.stride, self.dilation
        weight, items = self.weight, x.shape[0]
        if kernel > 1 or stride > 1:
            x = x.unfold(2, (kernel - 1) * dilation + 1, stride)
            x = x if dilation == 1 else x[..., ::dilation]
        rows = x.transpose(1, 2).reshape(-1, weight[0].numel())  # [item * window, inputs * kernel]
        out = times(rows, weight.flatten(1), self.bias)
        return out.view(items, -1, weight.shape[0]).transpose(1, 2)


class InnerConvTranspose(nn.ConvTranspose1d):
    """``nn.ConvTranspose1d``."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time * stride]."""
        if output_size is not None or not pays(input, self.weight):
            return super().forward(input, output_size)
        assert isinstance(self.padding, tuple)
        out = F.conv_transpose2d(
            inner(input),
            self.weight[:, :, None],
            self.bias,
            (1, self.stride[0]),
            (0, self.padding[0]),
            (0, self.output_padding[0]),
            self.groups,
            (1, self.dilation[0]),
        )
        return out[:, :, 0]


def pays(x: Tensor, weight: Tensor) -> bool:
    """On the CPU, where there is enough sound beside the weights, which are brought in order too."""
    return x.device.type == "cpu" and 2 * x.numel() >= weight.numel()


def few(x: Tensor, weight: Tensor) -> bool:
    """On the CPU, where there is so little sound that reading the weights is most of the work."""
    return x.device.type == "cpu" and 4 * x.numel() <= weight.numel()


def transposed(
    x: Tensor, conv: nn.ConvTranspose1d, overlap: Tensor | None
) -> tuple[Tensor, Tensor]:
    """A transposed convolution of kernel 2 strides, without its bias, that goes on.

    [item, inputs, time] -> [item, outputs, time * stride] and what overlaps the next of these,
    [item, outputs, stride]; ``overlap`` is that of the time before.
    """
    (stride,), weight = conv.stride, conv.weight
    if conv.groups == 1 and few(x, weight):
        rows = x.transpose(1, 2).flatten(0, 1)
        pairs = times_turned(rows, weight.flatten(1)).view(*x.shape[::2], -1, 2, stride)
        first, second = pairs[:, :, :, 0], pairs[:, :, :, 1]  # [item, time, outputs, stride] each
        if overlap is None:
            overlap = torch.zeros_like(second[:, 0])
        over = overlap[:, None]
        if x.shape[-1] > 1:
            over = torch.cat([over, second[:, :-1]], dim=1)
        return (first + over).transpose(1, 2).flatten(2), second[:, -1]
    if pays(x, weight):
        wide = weight[:, :, None]
        full = F.conv_transpose2d(inner(x), wide, None, (1, stride), groups=conv.groups)[:, :, 0]
    else:
        full = F.conv_transpose1d(x, weight, None, stride, groups=conv.groups)
    if overlap is not None:
        full[..., :stride] += overlap
    return full[..., :-stride], full[..., -stride:]


def inner(x: Tensor) -> Tensor:
    """[item, channel, time] -> [item, channel, 1, time] with channels innermost in memory."""
    return x[:, :, None].contiguous(memory_format=torch.channels_last)
