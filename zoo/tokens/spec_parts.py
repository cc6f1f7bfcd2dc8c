"""The parts of a TokenSpec: where ids can be cut, and what travels with them. Loads no torch."""

from dataclasses import dataclass
from operator import index
from typing import SupportsIndex

from ..errors import TokenError
from .checks import items, real, rising, show, wholes, word

PREFIX_AXES = ("position", "slot")
EXTRA_DTYPES = {  # smallest and largest value where the type has whole numbers
    "bool": (0, 1),
    "uint8": (0, 2**8 - 1),
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "float16": None,
    "bfloat16": None,
    "float32": None,
    "float64": None,
}
_TAKEN = {"codes", "ids", "grid", "lengths", "origin", "spec", "space", "made_by"}


@dataclass(frozen=True, repr=False)
class Prefixes:
    """The qualities, coarse to full, at which ids can be cut and still decode.

    Quality ``values[i]`` keeps the first ``sizes[i]`` entries of ``axis``: SNAC 24 kHz has axis
    slot, unit levels, values (1, 2, 3), sizes (1, 3, 7); FlexTok has axis position, unit tokens
    and every number from 1 to 256 in both. Without ``values`` they are the sizes where the unit
    counts the axis itself (tokens along position, codebooks along slot), else 1, 2, 3, ...
    """

    axis: str
    unit: str
    sizes: tuple[int, ...]
    values: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        word(self.axis, "axis", PREFIX_AXES)
        word(self.unit, "unit")
        sizes = wholes(self.sizes, "sizes", 1)
        rising(sizes, "sizes")
        counted = (self.axis, self.unit) in (("position", "tokens"), ("slot", "codebooks"))
        usual = sizes if counted else range(1, len(sizes) + 1)
        values = wholes(self.values, "values", 1) or tuple(usual)
        rising(values, "values")
        if len(values) != len(sizes):
            raise TokenError(f"values: {len(values)} qualities for {len(sizes)} sizes")
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "values", values)

    def size_of(self, k: int) -> int:
        """How many entries of ``axis`` quality ``k`` keeps; TokenError for an unknown one."""
        if isinstance(k, bool) or not isinstance(k, SupportsIndex) or index(k) not in self.values:
            raise TokenError(f"prefix {k!r} is none of the qualities; legal {self.unit}: {self}")
        return self.sizes[self.values.index(k)]

    def value_of(self, size: int) -> int | None:
        """The quality that keeps ``size`` entries, or None."""
        return self.values[self.sizes.index(size)] if size in self.sizes else None

    def __str__(self) -> str:
        return show(self.values)

    def __repr__(self) -> str:
        return f"Prefixes({self.axis}, {self.unit} {self}, sizes {show(self.sizes)})"


@dataclass(frozen=True)
class ExtraSpec:
    """A tensor that travels with the ids, such as one loudness per segment.

    ``axes`` starts with ``item``; slot, position and segment follow the ids when these are cut;
    frame, row and column follow the grid; any other word is an axis of one size for all items.
    ``neutral`` is what ids from a language model take, ``bits`` the nominal size of one element.
    ``labels``: the values are positions of the same item (or ``neutral``), and stay with them
    when positions are cut and joined.
    """

    name: str
    dtype: str
    axes: tuple[str, ...]
    neutral: float
    bits: float
    labels: bool = False

    def __post_init__(self) -> None:
        word(self.name, "name")
        if not self.name.isidentifier() or self.name in _TAKEN:
            raise TokenError(f"name: {self.name!r} cannot name an extra; choose another word")
        word(self.dtype, "dtype", tuple(EXTRA_DTYPES))
        axes = tuple(word(axis, f"axes[{i}]") for i, axis in enumerate(items(self.axes, "axes")))
        if axes[:1] != ("item",) or len(set(axes)) != len(axes):
            raise TokenError(f"axes: expected 'item' first and no axis twice, got {list(axes)}")
        if {"position", "segment"} <= set(axes):
            raise TokenError("axes: position and segment are both time; one extra has one of them")
        neutral = real(self.neutral, "neutral")
        limits = EXTRA_DTYPES[self.dtype]
        if limits and not (neutral.is_integer() and limits[0] <= neutral <= limits[1]):
            raise TokenError(f"neutral: {neutral:g} is no value of {self.dtype}")
        if not isinstance(self.labels, bool):
            raise TokenError(f"labels: expected true or false, got {self.labels!r}")
        if self.labels and self.dtype not in ("int16", "int32", "int64"):
            raise TokenError(f"labels: positions are int16, int32 or int64, not {self.dtype}")
        object.__setattr__(self, "axes", axes)
        object.__setattr__(self, "neutral", neutral)
        object.__setattr__(self, "bits", real(self.bits, "bits", 0))
