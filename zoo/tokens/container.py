"""Tokens: a batch of ids with everything that decode needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import FrozenInstanceError
from functools import cached_property, partial
from os import PathLike
from types import MappingProxyType
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor

from ..errors import TokenError
from . import bits, file, ids, join, select
from .check import check_codes, check_grid, check_made_by, check_origin, integers
from .checks import at, show, word
from .extras import axis_sizes, check_extras
from .layout import Layout
from .origin import Origin
from .spec import TokenSpec


class Tokens:
    """A batch of ids: what ``encode`` returns and ``decode`` takes.

    ``codes`` is [item, slot, position]; -1 means "no id here": the padded tail, slots that an
    item's quality has not, and holes that the spec declares. Without ``lengths`` an item ends with
    its last id (where the spec declares holes: at the last position). ``grid`` [item, 1..3] is the
    token grid (t,), (h, w) or (t, h, w); ``origin`` one :class:`Origin` or None per item; ``extras``
    one tensor per extra of the spec; ``made_by`` says in plain JSON who made the ids and how.

    Everything is checked, copied and kept in one form: padding is cut to the largest item and
    filled with -1 (extras: their neutral value). Whatever does not fit the spec is a TokenError
    that names the place. Tokens are frozen; every change makes new ones. Tensors cannot be locked,
    so do not write into ``tokens.codes``: take a ``.clone()`` and come back by :meth:`replace`.
    """

    codes: Tensor
    """int64 [item, slot, position]"""
    spec: TokenSpec
    """What the ids are."""
    space: str
    """The code space: decode takes ids of its own space only."""
    lengths: Tensor
    """int64 [item]: positions of each item"""
    slot_counts: Tensor
    """int64 [item]: slots of each item; where prefixes cut slots, 0 for an item of no positions"""
    grid: Tensor | None
    """int64 [item, 1..3]"""
    origin: tuple[Origin | None, ...]
    """What each item was made from."""
    extras: Mapping[str, Tensor]
    """Read-only; the axes are the spec's."""
    made_by: dict[str, Any]
    """Plain JSON; blocks nothing and takes no part in equality."""

    def __init__(
        self,
        codes: Tensor | np.ndarray | Sequence[Any],
        *,
        spec: TokenSpec,
        space: str,
        lengths: Tensor | np.ndarray | Sequence[int] | None = None,
        grid: Tensor | np.ndarray | Sequence[Sequence[int]] | None = None,
        origin: Sequence[Origin | None] | None = None,
        extras: Mapping[str, Any] | None = None,
        made_by: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(spec, TokenSpec):
            raise TokenError(f"spec: expected a TokenSpec, got {spec!r}")
        with torch.inference_mode(False):  # ids made by an encoder may meet autograd later
            given = integers(codes, "codes", "item, slot, position")
            kept, reach, slots = check_codes(given, lengths, spec)
            sides = check_grid(grid, reach, spec)
            sizes = axis_sizes(spec, reach, slots, sides)
            named = check_extras(extras, spec, sizes, (given.shape[1], given.shape[2]))
        self.__dict__.update(
            codes=kept,
            spec=spec,
            space=word(space, "space"),
            lengths=reach,
            slot_counts=slots,
            grid=sides,
            origin=check_origin(origin, len(kept)),
            extras=MappingProxyType(named),
            made_by=check_made_by(made_by),
        )

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"Tokens are frozen; tokens.replace({name}=...) makes new ones")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError("Tokens are frozen")

    def _given(self) -> dict[str, Any]:
        """What the constructor takes beside the codes."""
        names = ("spec", "space", "lengths", "grid", "origin", "made_by")
        return {name: getattr(self, name) for name in names} | {"extras": dict(self.extras)}

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), self.codes, **self._given()), ()

    def replace(self, **changes: Any) -> "Tokens":
        """New tokens with some of the constructor's arguments changed, checked again.

        New ``codes`` with another number of items or positions need new ``lengths``, or end with
        their last id.
        """
        given = self._given()
        codes = changes.pop("codes", self.codes)
        if isinstance(codes, Tensor | np.ndarray) and codes.shape[::2] != self.codes.shape[::2]:
            given["lengths"] = None
        return type(self)(codes, **given | changes)

    # items

    def __len__(self) -> int:
        return self.codes.shape[0]

    def __getitem__(self, index: select.Index) -> "Tokens":
        return select.take(self, index)

    def __iter__(self) -> Iterator["Tokens"]:
        return (self[item] for item in range(len(self)))

    @staticmethod
    def cat(pieces: Iterable["Tokens"]) -> "Tokens":
        """All items of tokens of one space and spec, padded to the largest.

        ``made_by`` keeps what all agree on. TokenError where they do not fit.
        """
        return join.cat(pieces)

    # parts

    def prefix(self, k: int | Sequence[int] | Tensor | np.ndarray) -> "Tokens":
        """The ids of quality ``k``, one of ``spec.prefixes.values``, or one per item.

        Extras with a ``position`` or ``slot`` axis are cut along, others stay. TokenError for an
        unknown quality and for one above what an item has.
        """
        return select.prefix(self, k)

    def slot(self, name: str) -> Tensor:
        """The ids [item, position] of one slot by its name: ``tokens.slot("semantic")``.

        -1 where an item has none. TokenError where no slot has that name, or none is left of it.
        """
        return select.slot(self, name)

    def crop(self, start: int, stop: int | None = None) -> "Tokens":
        """Positions ``start..stop`` in time, each item as far as it reaches (as slices do).

        Extras and ``origin`` are cut along: pieces that cover an item add up to it in
        :meth:`join`. TokenError where the spec allows no cut, or not there.
        """
        return select.crop(self, start, stop)

    @staticmethod
    def join(pieces: Iterable["Tokens"]) -> "Tokens":
        """Pieces of the same items, one after another in time; the inverse of :meth:`crop`.

        All but an item's last piece end where the spec allows a cut. TokenError where they do not
        fit.
        """
        return join.join(pieces)

    # sizes

    def bits(self) -> Tensor:
        """float64 [item]: log2 of the vocabularies over the ids that are there, extras apart."""
        return bits.id_bits(self.codes, self.spec)

    def extra_bits(self) -> Tensor:
        """float64 [item]: the nominal bits of the extras."""
        return bits.extra_bits(self.extras, self.spec, self.axis_sizes)

    @cached_property
    def axis_sizes(self) -> dict[str, Tensor]:
        """How far each item reaches along the axes that extras may have: name -> [item]."""
        return axis_sizes(self.spec, self.lengths, self.slot_counts, self.grid)

    # elsewhere

    @property
    def device(self) -> torch.device:
        """Where all tensors lie."""
        return self.codes.device

    def to(self, device: torch.device | str | int) -> "Tokens":
        """The same tokens on another device."""
        extras = {name: extra.to(device) for name, extra in self.extras.items()}
        return self.replace(codes=self.codes.to(device), extras=extras)

    def numpy(self) -> np.ndarray:
        """A copy of the codes: int64 [item, slot, position], -1 where there is no id."""
        return self.codes.cpu().numpy().copy()

    def ids(
        self,
        order: str = "position",
        *,
        offset: int = 0,
        per_slot: bool = True,
        begin: int | None = None,
        end: int | None = None,
        fill: int | None = None,
    ) -> list[Tensor]:
        """One 1-D int64 tensor of ids per item, for a language model.

        Code c of slot s becomes offset + c + (with ``per_slot``: the vocabularies before s).
        ``order``: "position" puts the slots of a position side by side, "slot" puts slot after
        slot, "delay" is position by position with slot s shifted by s steps and the gaps filled
        with ``fill``. ``fill`` also stands for holes. ``begin`` and ``end`` go around each item.
        :func:`zoo.tokens.codes_from_ids` is the inverse.
        """
        return ids.ids(self, Layout(order, offset, per_slot, begin, end, fill))

    def save(self, path: str | PathLike[str], *, packed: bool = False) -> None:
        """Write a safetensors file that explains itself; ``packed`` stores ids bit by bit.

        The file appears whole or not at all.
        """
        file.save(self, path, packed)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Tokens":
        """Read a file of :meth:`save`; a TokenError names what is wrong with it, if anything."""
        with at(f"{path}: "):
            return cls(**file.load(path))

    # comparing and showing

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tokens):
            return NotImplemented
        if (self.space, self.spec, self.origin) != (other.space, other.spec, other.origin):
            return False
        return len(self) == 0 or all(
            (a is None and b is None)
            or (a is not None and b is not None and torch.equal(a.cpu(), b.cpu()))
            for a, b in zip(self._tensors(), other._tensors(), strict=True)
        )

    def _tensors(self) -> list[Tensor | None]:
        ordered = [self.extras[extra.name] for extra in self.spec.extras]
        return [self.codes, self.lengths, self.slot_counts, self.grid, *ordered]

    def __repr__(self) -> str:
        items, slots, _ = self.codes.shape
        reach = sorted(set(self.lengths.tolist())) or [0]
        length = str(reach[0]) if len(reach) == 1 else f"{reach[0]}..{reach[-1]}"
        sizes = sorted(set(self.spec.vocab_sizes[:slots]))
        vocab = show(sizes) if len(sizes) < 4 else f"{sizes[0]}..{sizes[-1]}"
        place = "" if self.device.type == "cpu" else f", {self.device}"
        extras = f", extras {', '.join(self.extras)}" if self.extras else ""
        shape = f"{_count(items, 'item')} x {_count(slots, 'slot')} x {_count(length, 'position')}"
        return (
            f"Tokens({shape}, {self.spec.order}, vocabulary {vocab}{extras}, "
            f"space {self.space!r}{place})"
        )


def _count(number: int | str, thing: str) -> str:
    return f"{number} {thing}" if str(number) == "1" else f"{number} {thing}s"
