"""What a checkpoint's ids are: vocabularies, order, legal cuts and extras. Loads no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log2
from typing import Any

from ..errors import TokenError
from .checks import items, whole, wholes, word
from .spec_parts import ExtraSpec, Prefixes

__all__ = ["MAX_VOCABULARY", "ORDERS", "ExtraSpec", "Prefixes", "TokenSpec"]

ORDERS = ("time", "raster", "scales", "prefix")
MAX_VOCABULARY = 2**31


@dataclass(frozen=True)
class TokenSpec:
    """What the ids of a checkpoint are; stands in its card and in every file of tokens.

    Raises TokenError, with the field's name in front, for values that contradict one another.
    """

    order: str
    """How positions are ordered: time, raster (row by row), scales (coarse to fine), prefix."""
    vocab_sizes: tuple[int, ...]
    """Number of ids per slot, each from 1 to 2**31."""
    positions: int | None = None
    """Positions of every item, or None where they depend on the media."""
    prefixes: Prefixes | None = None
    """Where ids can be cut and still decode; None: nowhere."""
    extras: tuple[ExtraSpec, ...] = ()
    """Tensors that travel with the ids."""
    holes: bool = False
    """Whether -1, no id here, may stand inside an item's length."""
    slots: tuple[str, ...] = ()
    """Names of the slots, each once. One that carries what is said is called ``semantic``."""
    hop: int | None = None
    """Samples at the model's rate per position; for order time."""
    sample_rate: int | None = None
    """The model's rate in Hz."""
    crop: int | None = None
    """Time can be cut at multiples of this many positions; None: nowhere."""
    segment: int | None = None
    """Positions per entry of a ``segment`` axis."""
    segment_hop: int | None = None
    """Samples (of a video: frames) by which a segment advances, where that is not segment * hop
    (EnCodec 48 kHz, whose segments overlap: 47520) or positions are not equal in time (video)."""

    def __post_init__(self) -> None:
        word(self.order, "order", ORDERS)
        sizes = wholes(self.vocab_sizes, "vocab_sizes", 1, MAX_VOCABULARY)
        if not sizes:
            raise TokenError("vocab_sizes: expected one size per slot, got none")
        object.__setattr__(self, "vocab_sizes", sizes)
        for name in ("positions", "hop", "sample_rate", "crop", "segment", "segment_hop"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole(getattr(self, name), name, 1))
        if not isinstance(self.holes, bool):
            raise TokenError(f"holes: expected true or false, got {self.holes!r}")
        names = tuple(word(v, f"slots[{i}]") for i, v in enumerate(items(self.slots, "slots")))
        if names and len(names) != len(sizes):
            raise TokenError(f"slots: {len(names)} names for {len(sizes)} slots")
        if len(set(names)) != len(names):
            raise TokenError("slots: a name stands twice")
        object.__setattr__(self, "slots", names)
        object.__setattr__(self, "extras", items(self.extras, "extras"))
        self._check_extras()
        self._check_prefixes()
        self._check_time()

    def _check_extras(self) -> None:
        for i, extra in enumerate(self.extras):
            if not isinstance(extra, ExtraSpec):
                raise TokenError(f"extras[{i}]: expected an ExtraSpec, got {extra!r}")
            if "segment" in extra.axes and self.segment is None:
                raise TokenError(f"segment: needed by the axes of extra {extra.name!r}")
            flat = extra.labels or {"row", "column"} & set(extra.axes)
            if self.crop and flat and "frame" not in extra.axes:
                raise TokenError(f"crop: extra {extra.name!r} has no axis that a cut in time fits")
        if len({extra.name for extra in self.extras}) != len(self.extras):
            raise TokenError("extras: a name stands twice")

    def _check_prefixes(self) -> None:
        if self.prefixes is None:
            return
        if not isinstance(self.prefixes, Prefixes):
            raise TokenError(f"prefixes: expected Prefixes, got {self.prefixes!r}")
        on_slots = self.prefixes.axis == "slot"
        if on_slots and self.holes:
            raise TokenError("holes: a missing id is a missing slot where prefixes cut slots")
        full = self.num_slots if on_slots else self.positions
        if full is not None and self.prefixes.sizes[-1] != full:
            what = "slots" if on_slots else "positions"
            raise TokenError(
                f"prefixes.sizes: end at {self.prefixes.sizes[-1]}, but there are {full} {what}"
            )

    def _check_time(self) -> None:
        if self.hop and self.order != "time":
            raise TokenError(f"hop: has no meaning in order {self.order!r}")
        if self.sample_rate and not self.hop:
            raise TokenError("sample_rate: needs hop")
        if self.segment_hop and not (self.segment and self.order == "time"):
            raise TokenError("segment_hop: needs segment, and order time")
        if self.crop:
            cut = self.prefixes is not None and self.prefixes.axis == "position"
            if not (self.hop or self.segment_hop) or self.positions or cut:
                raise TokenError(
                    "crop: needs order time, hop or segment_hop, and positions that are free"
                )
            if self.segment and self.crop % self.segment:
                raise TokenError(f"crop: {self.crop} is no multiple of segment {self.segment}")

    @property
    def num_slots(self) -> int:
        """Slots at full quality."""
        return len(self.vocab_sizes)

    def slot(self, name: str) -> int:
        """The number of the slot of that name; TokenError, with the names there are, for none."""
        if name not in self.slots:
            known = ", ".join(self.slots) or "they have none"
            raise TokenError(f"no slot is called {name!r}; the names of the slots: {known}")
        return self.slots.index(name)

    @cached_property
    def slot_sizes(self) -> tuple[int, ...]:
        """The numbers of slots that an item may have, rising."""
        on_slots = self.prefixes is not None and self.prefixes.axis == "slot"
        return self.prefixes.sizes if on_slots and self.prefixes else (self.num_slots,)

    @cached_property
    def position_sizes(self) -> tuple[int, ...] | None:
        """The lengths that an item may have, rising; None: any."""
        if self.prefixes is not None and self.prefixes.axis == "position":
            return self.prefixes.sizes
        return None if self.positions is None else (self.positions,)

    @property
    def slot_bits(self) -> tuple[float, ...]:
        """log2 of each slot's vocabulary."""
        return tuple(log2(size) for size in self.vocab_sizes)

    @property
    def bits_per_position(self) -> float:
        """Nominal bits of one position with all its slots, extras apart."""
        return sum(self.slot_bits)

    @property
    def prefix_bits(self) -> dict[int, float]:
        """Legal qualities, coarse to full, with their nominal bits, extras apart.

        Bits per item where positions are fixed or a prefix keeps positions, else per position.
        """
        if self.prefixes is None:
            return {}
        pairs = zip(self.prefixes.values, self.prefixes.sizes, strict=True)
        if self.prefixes.axis == "position":
            return {k: size * self.bits_per_position for k, size in pairs}
        positions = self.positions or 1
        return {k: positions * sum(self.slot_bits[:size]) for k, size in pairs}

    @property
    def token_rate(self) -> float | None:
        """Positions per second, where the rate is known."""
        if self.hop is None or self.sample_rate is None:
            return None
        if self.segment and self.segment_hop:
            return self.sample_rate * self.segment / self.segment_hop
        return self.sample_rate / self.hop

    def samples(self, positions: int) -> int:
        """Samples (of a video: frames) at the model's rate before position ``positions``."""
        segments, rest = 0, positions
        if self.segment and self.segment_hop:
            segments, rest = divmod(positions, self.segment)
        if rest and self.hop is None:
            raise TokenError("hop: unknown, so positions have no length in samples")
        return segments * (self.segment_hop or 0) + rest * (self.hop or 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the fields that are at their default."""
        from .spec_dict import spec_to_dict

        return spec_to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TokenSpec":
        """The inverse of :meth:`to_dict`, which also takes the shorthands of cards.

        ``vocab_sizes: {size: 1024, slots: 8}`` and ``sizes: "1..256"``. TokenError for unknown
        or missing keys and wrong values; the message starts with the path of the key.
        """
        from .spec_dict import spec_from_dict

        return spec_from_dict(data)
