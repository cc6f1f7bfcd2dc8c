"""The numbers of a SpeechTokenizer; the fields are the card's ``config``."""

from dataclasses import dataclass

from ..layers.seanet import Seanet


@dataclass(frozen=True)
class SpeechTokenizerConfig:
    """Everything that shapes the networks and their arithmetic."""

    filters: int
    strides: tuple[int, ...]  # of the decoder; the encoder's are reversed
    width: int
    semantic_width: int  # of the HuBERT features that the first codebook was taught
    activation: str  # elu | snake
    codebooks: int
    codebook_size: int

    @property
    def net(self) -> Seanet:
        """Encoder and decoder."""
        return Seanet(self.filters, self.strides, self.width, activation=self.activation)

    @property
    def hop(self) -> int:
        """Samples per position."""
        return self.net.hop
