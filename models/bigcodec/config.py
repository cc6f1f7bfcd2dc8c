"""The numbers of a BigCodec; the fields are the card's ``config``."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Codebook:
    """Rows of the codebook and their dimension."""

    size: int
    dim: int


@dataclass(frozen=True)
class BigCodecConfig:
    """Everything that shapes the networks and their arithmetic."""

    encoder_width: int  # channels next to the sound
    encoder_strides: tuple[int, ...]
    latent_width: int
    codebook: Codebook
    decoder_width: int  # channels next to the latents
    decoder_strides: tuple[int, ...]

    @property
    def hop(self) -> int:
        """Samples per position."""
        return prod(self.encoder_strides)
