"""The numbers of a DAC; the fields are the card's ``config``."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class DacConfig:
    """Everything that shapes the networks; latents have encoder_width * 2^strides channels."""

    encoder_width: int
    strides: tuple[int, ...]
    decoder_width: int
    codebooks: int
    codebook_size: int
    codebook_dim: int

    @property
    def hop(self) -> int:
        """Samples per position."""
        return prod(self.strides)
