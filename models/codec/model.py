"""The networks: windows of sound -> latents -> ids, and back; tensors are [item, channel, time].

Both also go on with a sound that comes in pieces: ``step``, see ``models/layers/streaming.py``.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.over_time import Layers, Memory, OverTime, cleared
from ..layers.residual_codec import ResidualCodec
from ..layers.residual_vq import EuclideanLevel, ResidualQuantizer
from ..layers.seanet_conv import SeanetConv
from .config import CodecConfig
from .unit import Unit


class Encoder(OverTime):
    """One window per position through a bank of filters, units over positions, a projection."""

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        window = config.hop + config.overlap
        self.filters = SeanetConv(1, config.width, window, config.hop, causal=True, mode="zeros")
        self.units = Layers(*_units(config, config.encoder_units))
        self.project = nn.Conv1d(config.width, config.latents, 1)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Sound [item, 1, samples] -> [item, latents, samples / hop, rounded up].

        Nothing that comes later changes a latent, so that zeros behind an item's end do no harm.
        """
        return self.project(self.units(self.filters(x)))

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """The latents that the next samples, maybe none, make final."""
        rows = self.units.step(self.filters.step(x, memory, last), memory)
        if not rows.shape[-1]:
            return rows.new_zeros(len(rows), self.project.out_channels, 0)
        return self.project(rows)


class Decoder(OverTime):
    """A projection, units over positions, and the windows that they say, added where they meet.

    A window begins ``overlap`` samples before its position does, as the encoder's: so the last
    ``overlap`` samples of a position wait for the next one.
    """

    def __init__(self, config: CodecConfig) -> None:
        super().__init__()
        window = config.hop + config.overlap
        self.overlap = config.overlap
        self.project = nn.Conv1d(config.latents, config.width, 1)
        self.units = Layers(*_units(config, config.decoder_units))
        self.filters = nn.ConvTranspose1d(config.width, 1, window, config.hop)

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Latents [item, latents, position] -> sound [item, 1, position * hop].

        ``lengths`` [item]: positions of each; the window after the last one says nothing.
        """
        rows = cleared(self.units(self.project(x)), lengths)
        return self.filters(rows)[..., self.overlap :]

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """The sound that the next latents, maybe none, make final: all but ``overlap`` samples."""
        held, bias = memory.get(self), self.filters.bias
        assert bias is not None
        if not x.shape[-1]:
            return x.new_zeros(len(x), 1, 0) if held is None or not last else held + bias
        rows = self.units.step(self.project(x), memory)
        windows = F.conv_transpose1d(rows, self.filters.weight, None, self.filters.stride)
        if held is None:
            windows = windows[..., self.overlap :]
        else:
            windows[..., : self.overlap] += held
        memory[self] = windows[..., -self.overlap :]
        return (windows if last else windows[..., : -self.overlap]) + bias


class Codec(ResidualCodec):
    """Encoder, quantiser and decoder."""

    encoder: Encoder
    decoder: Decoder


def build_model(config: CodecConfig) -> Codec:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    levels = [EuclideanLevel(config.latents, config.codebook_size) for _ in range(config.codebooks)]
    return Codec(Encoder(config), ResidualQuantizer(levels), Decoder(config))


def _units(config: CodecConfig, count: int) -> list[Unit]:
    return [Unit(config.width, config.hidden, config.kernel) for _ in range(count)]
