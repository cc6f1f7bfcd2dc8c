"""The numbers of a WavTokenizer; the fields are the card's ``config``."""

from dataclasses import dataclass
from math import prod

from ..layers.seanet import Seanet


@dataclass(frozen=True)
class Decoder:
    """From codewords to spectra to sound."""

    width: int
    depth: int  # ConvNeXt blocks
    hidden: int  # of their MLPs
    window: int  # samples of a Fourier transform


@dataclass(frozen=True)
class WavTokenizerConfig:
    """Everything that shapes the networks and their arithmetic."""

    filters: int
    strides: tuple[int, ...]  # the encoder's, reversed
    width: int  # of codewords
    codebook_size: int
    decoder: Decoder

    @property
    def net(self) -> Seanet:
        """The encoder."""
        return Seanet(self.filters, self.strides, self.width)

    @property
    def hop(self) -> int:
        """Samples per position."""
        return prod(self.strides)
