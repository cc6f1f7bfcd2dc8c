"""Construction: from a configuration to encoder, quantiser and decoder.

Layers stand in upstream's order, so that their numbers are those of upstream's state dicts.
"""

from torch import Tensor, nn

from ..layers.lstm import SkipLstm
from ..layers.over_time import Layers, Memory, OverTime
from ..layers.residual_codec import ResidualCodec
from ..layers.residual_vq import FactorisedLevel, ResidualQuantizer
from ..layers.streaming import queued
from ..layers.zero_conv import ZeroConv, ZeroUp
from .config import BigCodecConfig
from .smooth_snake import SmoothSnake

DILATIONS = (1, 3, 9)


class Residual(OverTime):
    """Activation, dilated convolution, activation, pointwise convolution, plus the input."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.block = Layers(
            SmoothSnake(width),
            ZeroConv(width, width, 7, padding=3 * dilation, dilation=dilation),
            SmoothSnake(width),
            ZeroConv(width, width, 1),
        )

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Shape kept."""
        return self.block(x, lengths).add_(x)

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece; the input waits for what the layers make of it."""
        out = self.block.step(x, memory, last)
        return out.add_(queued(self, x, memory, out.shape[-1]))


class Stage(OverTime):
    """What happens at one rate, and the way to it or from it."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.block = Layers(*layers)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, channel, time] -> [item, channel, time] at the other rate."""
        return self.block(x, lengths)

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece."""
        return self.block.step(x, memory, last)

    def after(self, lengths: Tensor) -> Tensor:
        """Those behind all layers."""
        return self.block.after(lengths)


def build_model(config: BigCodecConfig) -> ResidualCodec:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    level = FactorisedLevel(config.latent_width, config.codebook.size, config.codebook.dim)
    return ResidualCodec(build_encoder(config), ResidualQuantizer([level]), build_decoder(config))


def build_encoder(config: BigCodecConfig) -> Layers:
    """Build the encoder: sound [item, 1, samples] -> latents [item, width, frame]."""
    width = config.encoder_width
    layers: list[nn.Module] = [ZeroConv(1, width, 7, padding=3)]
    for stride in config.encoder_strides:
        shrink = ZeroConv(width, 2 * width, 2 * stride, stride, padding=-(-stride // 2))
        units = (Residual(width, dilation) for dilation in DILATIONS)
        layers.append(Stage(*units, SmoothSnake(width), shrink))
        width *= 2
    layers += [SkipLstm(width), SmoothSnake(width)]
    layers.append(ZeroConv(width, config.latent_width, 3, padding=1))
    return Layers(*layers)


def build_decoder(config: BigCodecConfig) -> Layers:
    """Build the decoder: latents [item, width, frame] -> sound [item, 1, frame * hop]."""
    width = config.decoder_width
    layers: list[nn.Module] = [ZeroConv(config.latent_width, width, 7, padding=3), SkipLstm(width)]
    for stride in config.decoder_strides:
        half = width // 2
        grow = ZeroUp(
            width, half, 2 * stride, stride, padding=-(-stride // 2), output_padding=stride % 2
        )
        units = (Residual(half, dilation) for dilation in DILATIONS)
        layers.append(Stage(SmoothSnake(width), grow, *units))
        width = half
    layers += [SmoothSnake(width), ZeroConv(width, 1, 7, padding=3), nn.Tanh()]
    return Layers(*layers)
