"""Construction: from a configuration to encoder, quantiser and decoder."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from ..layers.inner_conv import InnerConv
from ..layers.ragged import respect_lengths
from ..layers.residual_vq import ResidualQuantizer
from ..layers.snake import Snake
from .config import SnacConfig
from .layers import Down, Up, WindowAttention
from .quantizer import PooledLevel


class Decoder(nn.Sequential):
    """Latents [item, width, frame] -> sound [item, 1, frame * hop]."""

    def noise_lengths(self, frames: int) -> list[int]:
        """How much noise each of the upsampling blocks takes, for so many frames."""
        lengths = []
        for layer in self:
            if isinstance(layer, Up):
                frames *= layer.stride
                lengths.append(frames)
        return lengths

    def forward(self, input: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """``noise``: one [item, 1, length] per upsampling block, or None for none."""
        x, left = input, list(noise or ())
        for layer in self:
            x = layer(x, left.pop(0) if left else None) if isinstance(layer, Up) else layer(x)
        return x


class SnacModel(nn.Module):
    """The networks of a SNAC."""

    def __init__(self, encoder: nn.Module, quantizer: ResidualQuantizer, decoder: Decoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.quantizer = quantizer
        self.decoder = decoder


def build_model(config: SnacConfig) -> SnacModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    size, dim = config.codebook.size, config.codebook.dim
    levels = [
        PooledLevel(config.latent_width, stride, size, dim) for stride in config.level_strides
    ]
    encoder, decoder = build_encoder(config), build_decoder(config)
    respect_lengths(encoder)
    respect_lengths(decoder)
    return SnacModel(encoder, ResidualQuantizer(levels), decoder)


def build_encoder(config: SnacConfig) -> nn.Sequential:
    """Build the encoder: sound [item, 1, samples] -> latents [item, width, frame]."""
    width = config.encoder_width
    layers: list[nn.Module] = [InnerConv(1, width, 7, padding=3)]
    for stride in config.encoder_strides:
        layers.append(Down(width, stride, config.depthwise))
        width *= 2
    if config.window:
        layers.append(WindowAttention(width, config.window))
    layers.append(InnerConv(width, width, 7, padding=3, groups=width if config.depthwise else 1))
    return nn.Sequential(*layers)


def build_decoder(config: SnacConfig) -> Decoder:
    """Build the decoder."""
    latent, width = config.latent_width, config.decoder_width
    layers: list[nn.Module] = [InnerConv(latent, width, 7, padding=3)]
    if config.depthwise:
        layers = [InnerConv(latent, latent, 7, padding=3, groups=latent)]
        layers.append(InnerConv(latent, width, 1))
    if config.window:
        layers.append(WindowAttention(width, config.window))
    for stride in config.decoder_strides:
        layers.append(Up(width, stride, config.depthwise, config.noise))
        width //= 2
    layers += [Snake(width), InnerConv(width, 1, 7, padding=3), nn.Tanh()]
    return Decoder(*layers)


def per_block(counts: Sequence[Sequence[int]], rows: Tensor) -> list[Tensor]:
    """One row of noise per item [item, most] -> noise per upsampling block [item, 1, length].

    ``counts[i]`` says how many numbers of its row item i takes for each block; behind, zeros.
    """
    shares = [row[: sum(own)].split(list(own)) for row, own in zip(rows, counts, strict=True)]
    blocks = map(list, zip(*shares, strict=True))
    return [pad_sequence(block, batch_first=True)[:, None] for block in blocks]
