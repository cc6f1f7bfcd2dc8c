"""SEANet's convolutions: they fill up so that n samples become n / stride, rounded up.

Source: Défossez et al. 2022, arXiv 2210.13438, encodec/modules/conv.py.
"""

from torch import Tensor, nn

from .ends import filled, reflect_each, reflected
from .inner_conv import InnerConv, InnerConvTranspose
from .over_time import Memory, OverTime, cleared
from .streaming import conv_step, transposed_step

MODES = ("reflect", "zeros", "replicate")


class SeanetConv(OverTime):
    """A convolution that pads its input: all before where causal, else about half on each side.

    The end is filled up to whole strides. ``mode`` reflect mirrors each item at its own ends; one
    too short for that is first continued with zeros. ``mode`` zeros fills with zeros, replicate
    with the first and the last sample (of causal ones, for items of whole strides). ``norm``: the
    output is normalised, over all channels and all of time.
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
        bias: bool = True,
        norm: bool = False,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f"mode={mode!r}: expected one of {', '.join(MODES)}")
        total = (kernel - 1) * dilation - (stride - 1)
        if total < 0:
            raise ValueError(f"kernel {kernel} with dilation {dilation} misses samples")
        self.conv: nn.Conv1d = InnerConv(
            inputs, outputs, kernel, stride, dilation=dilation, bias=bias
        )
        self.norm = nn.GroupNorm(1, outputs) if norm else None
        self.mode = mode
        self.stride = stride
        self.after_end = 0 if causal else total // 2
        self.before = total - self.after_end
        longest = max(self.before, self.after_end + stride - 1)
        self.need = longest + 1 if mode == "reflect" else 1

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time / stride]."""
        end = self.end(x.shape[-1])
        if lengths is not None and self.norm is not None:
            raise ValueError("a norm over all of time takes items of one length only")
        if not self.before and not end:  # only whole strides, then, and nothing to fill
            out = self.conv(x)
        elif lengths is None or self.mode != "reflect":
            out = self.conv(self.fill(cleared(x, lengths), self.before, end))
        else:
            padded, ends = filled(x, self.before, end), self.after_end + -lengths % self.stride
            out = self.conv(reflect_each(padded, self.before, lengths, ends))
        return out if self.norm is None else self.norm(out)

    def end(self, length: int) -> int:
        """Samples filled in behind a sound of ``length``."""
        return self.after_end + -length % self.stride

    def fill(self, x: Tensor, before: int, end: int) -> Tensor:
        """Fill in so many at the ends of [item, channel, time]."""
        if self.mode == "reflect":
            return reflected(x, before, end)
        return filled(x, before, end, "constant" if self.mode == "zeros" else "replicate")

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece; where input is mirrored, not before its mirror has come."""
        if self.norm is not None:
            raise NotImplementedError("a norm over all of time needs the whole sound")
        return conv_step(self, self, x, memory, last)

    def after(self, lengths: Tensor) -> Tensor:
        """Time / stride, rounded up."""
        return -(-lengths // self.stride)


class SeanetUp(OverTime):
    """A transposed convolution of kernel 2 strides, cut to time * stride.

    What is cut lies all at the end where causal, else half on each side.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        stride: int,
        *,
        causal: bool = False,
        groups: int = 1,
        bias: bool = True,
        norm: bool = False,
    ) -> None:
        super().__init__()
        self.conv = InnerConvTranspose(
            inputs, outputs, 2 * stride, stride, groups=groups, bias=bias
        )
        self.norm = nn.GroupNorm(1, outputs) if norm else None
        self.stride = stride
        self.before = 0 if causal else stride - stride // 2

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, inputs, time] -> [item, outputs, time * stride]."""
        if lengths is not None and self.norm is not None:
            raise ValueError("a norm over all of time takes items of one length only")
        full = self.conv(cleared(x, lengths))
        full = full if self.norm is None else self.norm(full)  # with what is cut
        return full[..., self.before : self.before + x.shape[-1] * self.stride]

    def after(self, lengths: Tensor) -> Tensor:
        """Time * stride."""
        return lengths * self.stride

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece."""
        if self.norm is not None:
            raise NotImplementedError("a norm over all of time needs the whole sound")
        return transposed_step(self.conv, x, memory, last, self.before)
