"""What reconstructions of any modality have in common: which there are, and what each costs."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...cards import Card
from ...errors import NotSupportedError, TokenError
from ...tokens import Tokens, TokenSpec
from .loading import Options, read_options, without_weights
from .qualities import usual_prefixes
from .text import number


@dataclass(frozen=True)
class Reconstruction:
    """What a reconstruction costs and is worth; ``prefix`` None is all that there is."""

    prefix: int | None
    tokens: int
    bits: float
    psnr: float | None
    """In dB at the model's own size; None where nothing differs."""

    @property
    def cells(self) -> tuple[str, str, str]:
        """Tokens, bits and PSNR for people."""
        psnr = "no error" if self.psnr is None else f"{self.psnr:.1f} dB"
        return str(self.tokens), number(self.bits), psnr

    @property
    def caption(self) -> str:
        """What stands beneath the picture."""
        tokens, bits, psnr = self.cells
        return f"{tokens} {'token' if self.tokens == 1 else 'tokens'}\n{bits} bits\n{psnr}"


def asked_for(args: argparse.Namespace, card: Card) -> tuple[Options, list[int | None]]:
    """The options of each verb, and the qualities to show; None stands for all ids.

    Raises:
        NotSupportedError: for a checkpoint without one of the two verbs, or an unknown option.
        TokenError: for an illegal prefix.
    """
    _need_both_verbs(card)
    options = read_options(without_weights(card), args.options, ["encode", "decode"])
    return options, _shown_prefixes(card.tokens, args.prefix, card.name)


def at_every(prefixes: Iterable[int | None], whole: Tokens) -> Tokens:
    """One item's ids at each quality, as one batch."""
    return Tokens.cat([whole if k is None else whole.prefix(k) for k in prefixes])


def listed(names: Sequence[str], figures: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Each input with the figures (dataclasses) of its reconstructions, for machines."""
    return [
        {"input": name, "reconstructions": [asdict(one) for one in own]}
        for name, own in zip(names, figures, strict=True)
    ]


def _need_both_verbs(card: Card) -> None:
    if not (card.can_encode and card.can_decode):
        verb = "decode" if card.can_encode else "encode"
        raise NotSupportedError(f"{card.name} cannot {verb}, so there is nothing to compare")


def _shown_prefixes(spec: TokenSpec, asked: Sequence[int] | None, name: str) -> list[int | None]:
    if asked is None:
        return [*usual_prefixes(spec)] or [None]
    if spec.prefixes is None:
        raise TokenError(f"{name} has no prefixes: its ids decode only as a whole")
    for prefix in asked:
        spec.prefixes.size_of(prefix)  # raises for an illegal one
    return [*dict.fromkeys(asked)]
