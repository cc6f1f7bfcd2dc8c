"""The numbers of an EnCodec; the fields are the card's ``config``."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Segments:
    """Pieces that are encoded apart, each brought to one loudness; both in samples."""

    length: int
    advance: int


@dataclass(frozen=True)
class EncodecConfig:
    """Everything that shapes the networks and their arithmetic."""

    channels: int
    filters: int
    strides: tuple[int, ...]  # of the decoder; the encoder's are reversed
    latent_width: int
    causal: bool
    norm: str  # weight_norm | time_group_norm
    conv_shortcut: bool
    codebooks: int
    codebook_size: int
    segments: Segments | None = None

    @property
    def hop(self) -> int:
        """Samples per position."""
        return prod(self.strides)
