"""The numbers of a Mimi; the fields are the card's ``config``."""

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Transformer:
    """Size of the transformers behind the encoder and before the decoder."""

    depth: int
    heads: int
    hidden: int  # of the MLP
    context: int  # steps that a step sees, itself included


@dataclass(frozen=True)
class Codebooks:
    """The first codebook stands alone, the others follow one another."""

    count: int
    size: int
    dim: int


@dataclass(frozen=True)
class MimiConfig:
    """Everything that shapes the networks and their arithmetic."""

    filters: int
    strides: tuple[int, ...]  # of the decoder; the encoder's are reversed
    width: int
    transformer: Transformer
    codebooks: Codebooks

    @property
    def frame(self) -> int:
        """Samples per position: the strides' product, and a last halving."""
        return 2 * prod(self.strides)
