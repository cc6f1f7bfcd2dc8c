"""Where an item's tokens come from: what decode needs to give back the part the model saw.

Loads no torch, so that workers that only prepare media stay light.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from fractions import Fraction
from typing import Any

from ..errors import TokenError
from .checks import items, real, whole
from .spec import TokenSpec


@dataclass(frozen=True)
class Origin:
    """The media behind one item; what is unknown or does not apply is None.

    Raises TokenError where a value has the wrong type or sign, or where ``rect`` leaves ``size``.
    """

    size: tuple[int, int] | None = None
    """(height, width) of the original in pixels, EXIF orientation applied."""
    rect: tuple[int, int, int, int] | None = None
    """(top, left, height, width): the part of the original that the model saw, in its pixels."""
    canvas: tuple[int, int, int, int] | None = None
    """(height, width, top, left): where that part lies inside a padded input, in model pixels."""
    samples: int | None = None
    """Samples per channel of the original sound, at ``rate``."""
    rate: int | None = None
    """Sample rate of the original sound in Hz."""
    out_samples: int | None = None
    """Samples at the model's rate; of a video the frames that the model saw."""
    channels: int | None = None
    """Channels of the original sound."""
    times: tuple[float, ...] | None = None
    """Time of each frame in seconds."""

    def __post_init__(self) -> None:
        for name, lows in _LOWS.items():
            value = getattr(self, name)
            if value is None:
                continue
            numbers = items(value, name)
            if len(numbers) != len(lows):
                raise TokenError(f"{name}: expected {len(lows)} numbers, got {value!r}")
            clean = (whole(v, f"{name}[{i}]", lows[i]) for i, v in enumerate(numbers))
            object.__setattr__(self, name, tuple(clean))
        for name, low in (("samples", 0), ("rate", 1), ("out_samples", 0), ("channels", 1)):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, whole(getattr(self, name), name, low))
        if self.times is not None:
            clean = (real(v, f"times[{i}]") for i, v in enumerate(items(self.times, "times")))
            object.__setattr__(self, "times", tuple(clean))
        if self.size is not None and self.rect is not None:
            top, left, height, width = self.rect
            if top + height > self.size[0] or left + width > self.size[1]:
                raise TokenError(f"rect: {self.rect} leaves the original of size {self.size}")

    def to_dict(self) -> dict[str, Any]:
        """What is known, as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value is not None
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Origin":
        """The inverse of :meth:`to_dict`; TokenError for unknown keys and wrong values."""
        if not isinstance(data, Mapping):
            raise TokenError(f"origin: expected a mapping, got {data!r}")
        unknown = set(data) - {field.name for field in fields(cls)}
        if unknown:
            raise TokenError(f"origin: unknown keys {sorted(unknown)}")
        return cls(**data)


_LOWS = {"size": (1, 1), "rect": (0, 0, 1, 1), "canvas": (1, 1, 0, 0)}


def crop_origin(
    origin: Origin, spec: TokenSpec, length: int, start: int, stop: int | None
) -> Origin:
    """The origin of positions ``start..stop`` (None: the end) of an item of ``length`` positions.

    The last piece owns whatever lies behind the last whole position, so that the pieces of a
    partition add up to the original, to the sample.
    """

    def span(total: int, scale: Fraction) -> tuple[int, int]:
        def end(position: int | None) -> int:
            if position is None or 0 < position >= length:
                return total
            return min(round(spec.samples(position) * scale), total)

        return end(start), end(stop)

    changes: dict[str, Any] = {}
    if origin.samples is not None:
        first, last = span(origin.samples, _input_scale(origin, spec))
        changes["samples"] = last - first
    if origin.out_samples is not None:
        first, last = span(origin.out_samples, Fraction(1))
        changes["out_samples"] = last - first
    if origin.times is not None:
        first, last = span(len(origin.times), Fraction(1))
        changes["times"] = origin.times[first:last]
    return replace(origin, **changes)


def _input_scale(origin: Origin, spec: TokenSpec) -> Fraction:
    """Original samples per sample at the model's rate."""
    if origin.rate is not None and spec.sample_rate is not None:
        return Fraction(origin.rate, spec.sample_rate)
    if origin.samples and origin.out_samples:
        return Fraction(origin.samples, origin.out_samples)
    return Fraction(1)


def join_origins(pieces: Sequence[Origin | None]) -> Origin | None:
    """The origin of pieces that follow one another; None where one piece has none.

    A piece of no samples does not know how many channels the others have.
    """
    known = [piece for piece in pieces if piece is not None]
    if len(known) < len(pieces) or not known:
        return None
    heard = [piece for piece in known if piece.samples != 0] or known
    first = heard[0]
    for name in ("size", "rect", "canvas", "rate", "channels"):
        values = {getattr(piece, name) for piece in (heard if name == "channels" else known)}
        if len(values) > 1:
            raise TokenError(f"the pieces differ in origin.{name}: {values}; not of one item?")
    sums: dict[str, Any] = {}
    for name, empty in (("samples", 0), ("out_samples", 0), ("times", ())):
        values = [getattr(piece, name) for piece in known]
        sums[name] = None if None in values else sum(values, start=empty)
    return replace(first, **sums)
