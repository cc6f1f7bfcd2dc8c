"""Tokens that no encoder here made: integers, and streams of a language model."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .errors import TokenError
from .family import Family
from .tokens import Tokens
from .tokens.extras import neutral_extras
from .tokens.hf import TextStyle, text_layout
from .tokens.ids import Layout, codes_from_ids
from .tokens.padding import pad_codes


class FromElsewhere(Family):
    """The part of a tokenizer that takes ids from anywhere."""

    def tokens(self, codes: Any, lengths: Any = None, grid: Any = None, **extras: Any) -> Tokens:
        """Make Tokens of this code space from any integers, a language model's above all.

        ``codes`` is [item, slot, position]; of a one-slot space [item, position] or, for a
        single item, [position] will do. Extras that are not given take their neutral values.

        Raises:
            TokenError: naming the id, length, grid or extra that does not fit.
        """
        ids, sides = _as_tensor(codes, "ids"), _as_tensor(grid, "grid")
        if ids is None:
            raise TokenError("ids: expected integers, got None")
        shape = list(ids.shape)
        if ids.ndim == 1:
            ids = ids[None]
        if ids.ndim == 2 and self.spec.num_slots == 1:
            ids = ids[:, None]
        if ids.ndim != 3:
            raise TokenError(
                f"ids of shape {shape}: expected [item, slot, position] with "
                f"{self.spec.num_slots} slots"
            )
        if sides is None and ids.numel():
            ends = (ids != -1).any(1) * torch.arange(1, ids.shape[2] + 1, device=ids.device)
            given = _as_tensor(lengths, "lengths")
            sides = self.usual_grid(ends.amax(1) if given is None else given)
        extras = neutral_extras(self.spec, ids, grid=sides) | extras
        return Tokens(
            ids, spec=self.spec, space=self.space, lengths=lengths, grid=sides, extras=extras
        )

    def from_ids(
        self,
        streams: Any,
        *,
        order: str = "position",
        offset: int = 0,
        per_slot: bool = True,
        begin: int | None = None,
        end: int | None = None,
        fill: int | None = None,
        prefix: int | Sequence[int] | None = None,
        positions: int | Sequence[int] | None = None,
        errors: str = "strict",
    ) -> Tokens:
        """Make Tokens from streams of language-model ids: the inverse of ``Tokens.ids``.

        ``streams`` is one 1-D tensor or list per item; the layout's arguments are those of
        ``Tokens.ids``. ``prefix`` and ``positions``, for all items or one each, say what a
        stream cannot: how many slots it was cut to, and how long an item is in order "slot".
        ``errors="trim"`` drops an incomplete tail.

        Raises:
            TokenError: naming item and place of an id outside its slot's range.
        """
        layout = Layout(order, offset, per_slot, begin, end, fill)
        items = codes_from_ids(
            streams, self.spec, layout, prefix=prefix, positions=positions, errors=errors
        )
        codes, lengths = pad_codes(items)
        return self.tokens(codes, lengths)

    def text_layout(self, text_tokenizer: Any) -> dict[str, int]:
        """Add the ids to a Hugging Face text tokenizer, as upstream writes them in text.

        Returns what ``tokens.ids(**layout)`` and ``tok.from_ids(streams, **layout)`` take. The
        language model needs ``resize_token_embeddings`` afterwards.

        Raises:
            TokenError: where only some of the texts are there already.
        """
        style = self.text_style or TextStyle(f"<{self.name}_{{number:05}}>")
        return text_layout(text_tokenizer, self.spec, style)


def _as_tensor(value: Any, name: str) -> Tensor | None:
    try:
        return None if value is None else torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TokenError(f"{name}: cannot be read as one array of integers ({error})") from None
