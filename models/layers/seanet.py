"""SEANet: a convolutional encoder and decoder with an LSTM in between.

Source: Tagliasacchi et al. 2020, arXiv 2009.02095, as Défossez et al. 2022, arXiv 2210.13438,
have it (encodec/modules/seanet.py). Layers stand in upstream's order, so that their numbers are
those of upstream's state dicts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from torch import Tensor, nn

from .lstm import SkipLstm
from .over_time import Layers, Memory, OverTime
from .pieces import PiecedLayers
from .seanet_conv import SeanetConv, SeanetUp
from .snake import Snake
from .streaming import queued

ACTIVATIONS = ("elu", "snake")
KERNEL = 7  # of the first convolution, and mostly of the last


@dataclass(frozen=True)
class Seanet:
    """What encoder and decoder have in common."""

    filters: int  # channels next to the sound
    strides: tuple[int, ...]  # of the decoder; the encoder's are reversed
    width: int  # of the latents
    lstm: int = 2  # layers; 0: none
    causal: bool = False
    padding: str = "reflect"  # of convolutions: reflect | zeros
    activation: str = "elu"  # elu | snake
    residuals: int = 1  # units per stride
    residual_kernel: int = 3
    dilation_base: int = 2  # unit j has dilation dilation_base ** j
    compress: int = 2  # a unit's inner channels are fewer by this factor
    conv_shortcut: bool = True  # around each unit a convolution, else the input itself
    channels: int = 1  # of the sound
    last_kernel: int = KERNEL
    norm: bool = False  # behind each convolution, over all channels and all of time

    @property
    def hop(self) -> int:
        """Samples per frame of latents."""
        return prod(self.strides)

    def conv(self, inputs: int, outputs: int, kernel: int, *time: int) -> SeanetConv:
        """A convolution; ``time`` is stride and dilation."""
        return SeanetConv(
            inputs, outputs, kernel, *time, causal=self.causal, mode=self.padding, norm=self.norm
        )

    def up(self, width: int, stride: int) -> SeanetUp:
        """A transposed convolution that halves the channels."""
        return SeanetUp(width, width // 2, stride, causal=self.causal, norm=self.norm)

    def act(self, width: int, inplace: bool = True) -> nn.Module:
        """An activation; ``inplace`` where nobody else needs its input."""
        if self.activation not in ACTIVATIONS:
            expected = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation={self.activation!r}: expected one of {expected}")
        return Snake(width) if self.activation == "snake" else nn.ELU(inplace=inplace)


class Residual(OverTime):
    """Activation, dilated convolution, activation, pointwise convolution, plus the shortcut."""

    def __init__(self, net: Seanet, width: int, dilation: int) -> None:
        super().__init__()
        inner = width // net.compress
        self.block = Layers(
            net.act(width, inplace=False),
            net.conv(width, inner, net.residual_kernel, 1, dilation),
            net.act(inner),
            net.conv(inner, width, 1),
        )
        self.shortcut = net.conv(width, width, 1) if net.conv_shortcut else Layers()

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept."""
        return self.block(x, lengths).add_(self.shortcut(x))

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece; the shortcut waits for the block."""
        mixed = self.block.step(x, memory, last)
        if not mixed.shape[-1]:
            queued(self, x, memory, 0)
            return mixed
        return mixed.add_(self.shortcut.step(queued(self, x, memory, mixed.shape[-1]), memory))


def seanet_encoder(net: Seanet, *, both_ways: bool = False) -> Layers:
    """Build the encoder: sound [item, channels, samples] -> latents [item, width, frame].

    ``both_ways``: its LSTM also reads from the end.
    """
    width, near = net.filters, 0
    layers: list[nn.Module] = [net.conv(net.channels, width, KERNEL)]
    for stride in reversed(net.strides):
        near = len(layers)
        layers += [Residual(net, width, net.dilation_base**j) for j in range(net.residuals)]
        layers += [net.act(width), net.conv(width, 2 * width, 2 * stride, stride)]
        width *= 2
    if net.lstm:
        layers.append(SkipLstm(width, net.lstm, both_ways=both_ways))
        width *= 2 if both_ways else 1
    layers += [net.act(width), net.conv(width, net.width, net.last_kernel)]
    return layers_of(net, layers, slice(near), net.filters)


def seanet_decoder(net: Seanet) -> Layers:
    """Build the decoder: latents [item, width, frame] -> sound [item, channels, samples]."""
    width = net.filters * 2 ** len(net.strides)
    layers: list[nn.Module] = [net.conv(net.width, width, KERNEL)]
    if net.lstm:
        layers.append(SkipLstm(width, net.lstm))
    near = len(layers)
    for number, stride in enumerate(net.strides):
        layers += [net.act(width), net.up(width, stride)]
        width //= 2
        layers += [Residual(net, width, net.dilation_base**j) for j in range(net.residuals)]
        near = near if number else len(layers)
    layers += [net.act(width), net.conv(width, net.channels, net.last_kernel)]
    return layers_of(net, layers, slice(near, None), net.filters * prod(net.strides[1:]))


def layers_of(net: Seanet, layers: Sequence[nn.Module], near: slice, width: int) -> Layers:
    """All layers; those near the sound in pieces, unless norms run over all of time."""
    return Layers(*layers) if net.norm else PiecedLayers(layers, near, width)
