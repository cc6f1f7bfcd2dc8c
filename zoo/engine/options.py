"""Options: the keyword-only parameters of a verb that a family declares, and their ranges."""

import difflib
import inspect
import math
import numbers
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ..errors import NotSupportedError


@dataclass(frozen=True)
class Option:
    """Marks a keyword-only parameter as an option: ``steps: Annotated[int, Option("...")] = 20``.

    ``low`` and ``high`` are inclusive; ``choices`` lists the only legal values.
    """

    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[object, ...] = ()


@dataclass(frozen=True)
class OptionInfo:
    """An option as ``tok.options`` lists it."""

    verb: str  # encode | decode
    name: str
    kind: type
    default: object
    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[object, ...] = ()

    def check(self, value: object) -> object:
        """The value in the option's type; NotSupportedError where it is out of range."""
        if value is None and self.default is None:
            return value
        value = self._plain(value)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        wrong = (
            type(value) is not self.kind
            or (isinstance(value, float) and not math.isfinite(value))
            or (bool(self.choices) and value not in self.choices)
            or (self.low is not None and not (number and typing.cast(float, value) >= self.low))
            or (self.high is not None and not (number and typing.cast(float, value) <= self.high))
        )
        if wrong:
            raise NotSupportedError(f"{self.verb}: {self.name}={value!r}; expected {self.expected}")
        return value

    def _plain(self, value: object) -> object:
        """Numbers of numpy and torch, and an int where a float is due, as Python's own."""
        if isinstance(value, bool) or self.kind not in (int, float):
            return value
        if self.kind is float and isinstance(value, numbers.Real):
            return float(value)
        if self.kind is int and isinstance(value, numbers.Integral):
            return int(value)
        return value

    @property
    def expected(self) -> str:
        """The legal values in words."""
        if self.choices:
            return "one of " + ", ".join(map(repr, self.choices))
        bounds = [f"at least {self.low:g}"] if self.low is not None else []
        bounds += [f"at most {self.high:g}"] if self.high is not None else []
        return " ".join([self.kind.__name__, " and ".join(bounds)]).strip()


def declared_options(verb: str, *functions: Callable[..., Any]) -> dict[str, OptionInfo]:
    """Collect the options that ``functions`` declare, by name."""
    found: dict[str, OptionInfo] = {}
    for function in functions:
        hints = typing.get_type_hints(function, include_extras=True)
        for name, parameter in inspect.signature(function).parameters.items():
            hint = hints.get(name)
            if typing.get_origin(hint) is not Annotated:
                continue
            kind, *marks = typing.get_args(hint)
            for mark in marks:
                if isinstance(mark, Option):
                    found[name] = OptionInfo(
                        verb,
                        name,
                        _plain(kind),
                        parameter.default,
                        mark.doc,
                        mark.low,
                        mark.high,
                        mark.choices,
                    )
    return found


def _plain(kind: Any) -> type:
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        (kind,) = (part for part in typing.get_args(kind) if part is not type(None))
    return kind


def known_options(
    verb: str, given: Mapping[str, object], known: Mapping[str, OptionInfo], owner: str
) -> None:
    """NotSupportedError, with near names, for an option that is not among the known ones."""
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(known) or 'none'}"
            raise NotSupportedError(f"{owner}.{verb} has no option {name!r}; {hint}")


def checked_options(
    verb: str, given: Mapping[str, object], known: Mapping[str, OptionInfo], owner: str
) -> dict[str, object]:
    """Given options, checked, and defaults; NotSupportedError for unknown ones, with near names."""
    known_options(verb, given, known, owner)
    defaults = {name: info.default for name, info in known.items()}
    return defaults | {name: known[name].check(value) for name, value in given.items()}
