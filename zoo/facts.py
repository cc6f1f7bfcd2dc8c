"""What a tokenizer is: read-only facts from its card, so that nobody looks into a config."""

from typing import Any

import torch
from torch import nn

from .cards import AudioInput, Card
from .tokens import TokenSpec


class Facts:
    """The facts every tokenizer has; sizes are (height, width) in pixels, rates in Hz."""

    card: Card
    config: Any
    module: nn.Module
    """The networks."""
    only: str | None
    """The one verb this was loaded for, or None."""

    @property
    def name(self) -> str:
        """The checkpoint's name."""
        return self.card.name

    @property
    def family(self) -> str:
        """The code that runs it."""
        return self.card.family

    @property
    def modality(self) -> str:
        """``image``, ``audio`` or ``video``."""
        return self.card.modality

    @property
    def modalities(self) -> tuple[str, ...]:
        """The kinds of media it takes."""
        return (self.card.modality,)

    @property
    def spec(self) -> TokenSpec:
        """What its ids are."""
        return self.card.tokens

    @property
    def space(self) -> str:
        """The code space of its ids."""
        return self.card.code_space

    @property
    def vocab_sizes(self) -> tuple[int, ...]:
        """Number of ids, per slot; none of a checkpoint that lacks a codebook."""
        return self.spec.vocab_sizes if self.card.has_ids else ()

    @property
    def positions(self) -> int | None:
        """Positions of every item; None where they depend on the media (see ``count``)."""
        return self.spec.positions

    @property
    def prefixes(self) -> dict[int, float]:
        """Legal qualities, coarse to full, with their bits.

        Bits per item where positions are fixed or a prefix keeps positions, else per position.
        """
        return self.spec.prefix_bits

    @property
    def sample_rate(self) -> int | None:
        """Sample rate of the model's sound."""
        given = self.card.input
        return given.sample_rate if isinstance(given, AudioInput) else None

    @property
    def token_rate(self) -> float | None:
        """Positions per second."""
        return self.spec.token_rate

    @property
    def input_size(self) -> tuple[int, int] | None:
        """Size of the pictures that the model sees."""
        return getattr(self.card.input, "size", None)

    @property
    def output_size(self) -> tuple[int, int] | None:
        """Size of the pictures that the model gives."""
        return getattr(self.card.output, "size", None) or self.input_size

    @property
    def streamable(self) -> bool:
        """Whether it can run on chunks with the result of the whole."""
        return self.card.streamable

    @property
    def deterministic_decode(self) -> bool:
        """Whether decode draws no noise. If it does, the seed decides."""
        return self.card.deterministic_decode

    @property
    def can_encode(self) -> bool:
        """Whether ``encode`` works."""
        return self.card.can_encode and self.only != "decode"

    @property
    def can_decode(self) -> bool:
        """Whether ``decode`` works."""
        return self.card.can_decode and self.only != "encode"

    def way_out(self, verb: str) -> str:
        """What to do where the checkpoint cannot ``verb``: the end of the error's sentence."""
        return "its card says why"

    @property
    def dtypes(self) -> tuple[str, ...]:
        """Number formats that it was tried in."""
        return self.card.dtypes

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.module.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the weights."""
        return next(self.module.parameters()).dtype
