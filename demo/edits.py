"""Changing ids: which ones a person means, and what becomes of two pictures."""

import torch

from zoo.errors import TokenError
from zoo.tokens import Tokens

from .loaded import tokenizer

Places = frozenset[tuple[int, int]]  # (slot, position)


def parse_places(text: str, positions: int, slots: int = 1) -> Places:
    """``"0-3, 8"`` as positions of all slots; TokenError for what is none."""
    found: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, dash, last = part.partition("-")
        try:
            start, stop = int(first), int(last if dash else first)
        except ValueError:
            raise TokenError(f"{part!r} is no position; write for instance 0-3, 8") from None
        if not 0 <= start <= stop < positions:
            raise TokenError(f"{part!r}: positions are 0 to {positions - 1}")
        found.update(range(start, stop + 1))
    return frozenset((slot, position) for slot in range(slots) for position in found)


def parse_id(text: str) -> int | None:
    """A number; None for nothing, TokenError for anything else."""
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise TokenError(f"{text!r} is no id; write a number, or nothing for random ids") from None


def swapped(one: Tokens, other: Tokens, places: Places) -> tuple[Tokens, Tokens]:
    """Both with the ids at ``places`` exchanged."""
    if one.codes.shape != other.codes.shape:
        raise TokenError("the two pictures have different numbers of ids: they cannot be swapped")
    first, second = one.codes.clone(), other.codes.clone()
    for slot, position in places:
        first[0, slot, position] = other.codes[0, slot, position]
        second[0, slot, position] = one.codes[0, slot, position]
    return one.replace(codes=first), other.replace(codes=second)


def changed(tokens: Tokens, places: Places, value: int | None, model: str) -> Tokens:
    """With ``value`` at ``places``, or with random ids where it is None."""
    sizes = tokenizer(model).vocab_sizes
    codes = tokens.codes.clone()
    for slot, position in places:
        if value is not None and not 0 <= value < sizes[slot]:
            raise TokenError(f"id {value}: slot {slot} has the ids 0 to {sizes[slot] - 1}")
        drawn = int(torch.randint(sizes[slot], ())) if value is None else value
        codes[0, slot, position] = drawn
    return tokens.replace(codes=codes)
