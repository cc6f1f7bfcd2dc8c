"""What fits and what does not between a file's tensors and a module's, for people to read."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Shape = tuple[int, ...]
_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """The comparison of one module with its files; ``ok`` if every tensor found its place.

    ``missing`` are our names that no file has, ``unexpected`` names of a file without a place,
    ``shapes`` and ``kinds`` are (our name, in the file, in the model), ``doubled`` our names with
    more than one source, ``nonfinite`` our names whose values are NaN or infinite, ``unfilled``
    our names that are in no state dict and stay on the meta device. ``dropped`` are (their name,
    reason) of tensors left out on purpose, ``zeros`` (our name, reason) of ours that no file has
    and that are zero by a rule.
    """

    matched: int = 0
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    shapes: tuple[tuple[str, Shape, Shape], ...] = ()
    kinds: tuple[tuple[str, str, str], ...] = ()
    doubled: tuple[str, ...] = ()
    nonfinite: tuple[str, ...] = ()
    unfilled: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    zeros: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the module can be filled completely and with nothing left over."""
        return not (
            self.missing
            or self.unexpected
            or self.shapes
            or self.kinds
            or self.doubled
            or self.nonfinite
            or self.unfilled
        )

    def __str__(self) -> str:
        lines = [f"{self.matched} tensors fit"]
        for what, entries in (
            ("left out on purpose", self.dropped),
            ("in no file, zero", self.zeros),
        ):
            if entries:
                reasons = Counter(why for _, why in entries)
                told = "; ".join(f"{count} ({why})" for why, count in reasons.most_common())
                lines.append(f"{what}: {told}")
        for what, names in (
            ("missing from the file", self.missing),
            ("in the file, but without a place in the model", self.unexpected),
            ("more than one source", self.doubled),
            ("NaN or infinite", self.nonfinite),
            ("neither in a file nor made by the module (still on the meta device)", self.unfilled),
        ):
            lines += _section(what, names, str, lambda name: name)
        lines += _section("other shape", self.shapes, _show_pair, lambda entry: entry[0])
        lines += _section("other kind of number", self.kinds, _show_pair, lambda entry: entry[0])
        return "\n".join(lines)


def _show_pair(entry: tuple[str, object, object]) -> str:
    name, theirs, ours = entry
    return f"{name}: {_plain(theirs)} in the file, {_plain(ours)} in the model"


def _plain(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _section(
    what: str, entries: Iterable[T], show: Callable[[T], str], name_of: Callable[[T], str]
) -> list[str]:
    entries = list(entries)
    if not entries:
        return []
    groups = Counter(_prefix([name_of(entry) for entry in entries]))
    counts = ", ".join(f"{prefix} {count}" for prefix, count in groups.most_common(8))
    lines = [f"{what}: {len(entries)} ({counts})"]
    lines += [f"    {show(entry)}" for entry in entries[:_SHOWN]]
    if len(entries) > _SHOWN:
        lines.append(f"    ... and {len(entries) - _SHOWN} more")
    return lines


def _prefix(names: list[str]) -> list[str]:
    """The first component of each name, or the first that differs where all begin alike."""
    split = [name.split(".") for name in names]
    depth = 1
    while depth < 3 and len({tuple(parts[:depth]) for parts in split}) == 1:
        depth += 1
    return [".".join(parts[:depth]) for parts in split]
