"""SEANet's convolutions: they fill up so that n samples become n / stride, rounded up.

Source: Défossez et al. 2022, arXiv 2210.13438, encodec/modules/conv.py.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from .ends import reflect_each, reflected
from .over_time import OverTime, cleared

MODES = ("reflect", "zeros")


class SeanetConv(OverTime):
    """A convolution that pads its input: all before where causal, else about half on each side.

    The end is filled up to whole strides. ``mode`` reflect mirrors each item at its own ends; one
    too short for that is first continued with zeros. ``mode`` zeros fills with zeros.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        *,
        causal: bool = False,
        mode: str = "reflect",
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f"mode={mode!r}: expected one of {', '.join(MODES)}")
        total = (kernel - 1) * dilation - (stride - 1)
        if total < 0:
            raise ValueError(f"kernel {kernel} with dilation {dilation} misses samples")
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, dilation=dilation)
        self.mode = mode
        self.stride = stride
        self.after_end = 0 if causal else total // 2
        self.before = total - self.after_end

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time / stride]."""
        end = self.after_end + -x.shape[-1] % self.stride
        if not self.before and not end:  # only whole strides, then, and nothing to fill
            return self.conv(x)
        if self.mode == "zeros":
            return self.conv(F.pad(cleared(x, lengths), (self.before, end)))
        if lengths is None:
            return self.conv(reflected(x, self.before, end))
        padded = F.pad(x, (self.before, end))
        ends = self.after_end + -lengths % self.stride
        return self.conv(reflect_each(padded, self.before, lengths, ends))

    def after(self, lengths: Tensor) -> Tensor:
        """Time / stride, rounded up."""
        return -(-lengths // self.stride)


class SeanetUp(OverTime):
    """A transposed convolution of kernel 2 strides, cut to time * stride.

    What is cut lies all at the end where causal, else half on each side.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, *, causal: bool = False) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(inputs, outputs, 2 * stride, stride)
        self.stride = stride
        self.before = 0 if causal else stride - stride // 2

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time * stride]."""
        full = self.conv(cleared(x, lengths))
        return full[..., self.before : self.before + x.shape[-1] * self.stride]

    def after(self, lengths: Tensor) -> Tensor:
        """Time * stride."""
        return lengths * self.stride
