"""How codes stand in a flat stream of ids for a language model."""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from ..errors import TokenError
from .checks import whole, word
from .spec import TokenSpec

STREAM_ORDERS = ("position", "slot", "delay")


@dataclass(frozen=True)
class Layout:
    """How codes stand in a stream; the fields are the arguments of :meth:`Tokens.ids`."""

    order: str = "position"
    offset: int = 0
    per_slot: bool = True
    begin: int | None = None
    end: int | None = None
    fill: int | None = None

    def starts(self, spec: TokenSpec) -> list[int]:
        """The id of code 0 of each slot; TokenError where the layout contradicts the spec."""
        word(self.order, "order", STREAM_ORDERS)
        whole(self.offset, "offset", 0)
        if self.order == "delay" and self.fill is None:
            raise TokenError("fill: order 'delay' leaves gaps; say which id stands in them")
        before = accumulate(spec.vocab_sizes, initial=0)
        each = zip(before, spec.vocab_sizes, strict=False)
        starts = [self.offset + (past if self.per_slot else 0) for past, _ in each]
        top = max(a + size for a, size in zip(starts, spec.vocab_sizes, strict=True))
        for name in ("begin", "end", "fill"):
            value = getattr(self, name)
            if value is not None and self.offset <= whole(value, name, 0) < top:
                raise TokenError(
                    f"{name}: {value} is also the id of a code: {self.offset}..{top - 1}"
                )
        return starts

    def total(self, slots: int, positions: int) -> int:
        """Length of a stream without begin and end."""
        gaps = (slots - 1) * slots if self.order == "delay" and positions else 0
        return slots * positions + gaps

    def places(self, slots: int, positions: int) -> Tensor:
        """[slot, position]: where each id stands in the stream, without begin."""
        slot, position = torch.arange(slots)[:, None], torch.arange(positions)
        if self.order == "slot":
            return slot * positions + position
        step = position + slot if self.order == "delay" else position
        return step * slots + slot
