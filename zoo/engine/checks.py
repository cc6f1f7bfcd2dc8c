"""Checks that a call makes before it does anything."""

from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING

from ..errors import NotSupportedError, TokenError
from ..facts import Facts
from ..tokens import Tokens
from ..tokens.check import as_list

if TYPE_CHECKING:
    from ..family import Family


def need_verb(tok: Facts, verb: str) -> None:
    """NotSupportedError, with the way out, if a tokenizer cannot encode or decode."""
    if getattr(tok, f"can_{verb}"):
        return
    if tok.only not in (None, verb):
        raise NotSupportedError(
            f"{tok.name} was loaded with only={tok.only!r}; load it without only= to {verb}"
        )
    raise NotSupportedError(f"{tok.name} cannot {verb}; {tok.way_out(verb)}")


def need_encoder(tok: Facts) -> None:
    """NotSupportedError if the networks that look at media were not loaded.

    A checkpoint without a codebook has them, though it cannot encode.
    """
    if tok.only == "decode":
        need_verb(tok, "encode")


def check_tokens(tok: "Family", tokens: object) -> Tokens:
    """The tokens, if they are of the tokenizer's code space and not none; else TokenError."""
    if not isinstance(tokens, Tokens):
        raise TokenError(
            f"expected Tokens, got {type(tokens).__name__}; make them with tok.tokens(ids)"
        )
    if tokens.space != tok.space:
        maker = tokens.made_by.get("checkpoint")
        raise TokenError(
            f"these tokens are of code space {tokens.space!r}, {tok.name} speaks {tok.space!r}; "
            f"decode them with the tokenizer that made them{f' ({maker})' if maker else ''}"
        )
    if len(tokens) == 0:
        raise TokenError("these tokens have no items")
    tok.check(tokens)
    return tokens


def chosen_prefix(tok: Facts, prefix: int | None, bitrate: float | None) -> int | None:
    """The quality that ``prefix=`` or ``bitrate=`` (bits per second) asks for; None: the full.

    Raises:
        TokenError: for an illegal prefix, a bitrate below the least, or both at once.
        NotSupportedError: for a bitrate where there are none to choose from.
    """
    if prefix is not None and bitrate is not None:
        raise TokenError("prefix and bitrate say the same thing: pass one of them")
    cut, rate = tok.spec.prefixes, tok.token_rate
    if prefix is not None:
        if cut is None:
            raise TokenError(f"{tok.name} has no prefixes: its ids decode only as a whole")
        cut.size_of(prefix)  # raises for an illegal one
    if bitrate is None:
        return prefix
    if not isinstance(number := as_list(bitrate), Real) or isinstance(number, bool):
        raise TokenError(f"bitrate: expected a number of bits per second, got {bitrate!r}")
    if cut is None or cut.axis != "slot" or rate is None:
        raise NotSupportedError(f"{tok.name} has no bitrates to choose from; see tok.prefixes")
    fitting = [k for k, bits in tok.prefixes.items() if bits * rate <= float(number) + 1e-6]
    if not fitting:
        least = min(tok.prefixes.values()) * rate
        raise TokenError(f"bitrate {float(number):g} is below the least of {tok.name}: {least:g}")
    return fitting[-1]


def known_kind(kind: str | None, kinds: Sequence[str], what: str) -> str:
    """``kind``, or the first of ``kinds``; NotSupportedError for one that is not among them."""
    if not kinds:
        raise NotSupportedError(f"{what}: this family has none")
    if kind is not None and kind not in kinds:
        raise NotSupportedError(f"{what}: unknown kind {kind!r}; it has {', '.join(kinds)}")
    return kind or kinds[0]
