"""What reconstructions of any modality have in common: which there are, and what each costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...cards import Card
from ...errors import NotSupportedError, TokenError
from ...tokens.spec import TokenSpec
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


def need_both_verbs(card: Card) -> None:
    """NotSupportedError if there would be nothing to compare."""
    if not (card.can_encode and card.can_decode):
        verb = "decode" if card.can_encode else "encode"
        raise NotSupportedError(f"{card.name} cannot {verb}, so there is nothing to compare")


def shown_prefixes(spec: TokenSpec, asked: Sequence[int] | None, name: str) -> list[int | None]:
    """The qualities that are asked for, else the usual ones; None stands for all ids.

    Raises:
        TokenError: for an illegal one.
    """
    if asked is None:
        return [*usual_prefixes(spec)] or [None]
    if spec.prefixes is None:
        raise TokenError(f"{name} has no prefixes: its ids decode only as a whole")
    for prefix in asked:
        spec.prefixes.size_of(prefix)  # raises for an illegal one
    return [*asked]
