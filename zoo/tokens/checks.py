"""Small checks of plain values, and how numbers are written in messages. Loads no torch."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from numbers import Real
from operator import index
from typing import Any

from ..errors import TokenError

_SPAN = re.compile(r"(\d+)\.\.(\d+)")


@contextmanager
def at(path: str) -> Iterator[None]:
    """Put ``path`` in front of the message of a TokenError raised inside."""
    try:
        yield
    except TokenError as error:
        raise TokenError(f"{path}{error}") from None


def whole(value: object, name: str, low: int, high: int | None = None) -> int:
    """``value`` as a Python int in ``low..high``; numpy's integers pass, bool and float do not."""
    try:
        number = None if isinstance(value, bool) else index(value)  # pyright: ignore[reportArgumentType]
    except TypeError:
        number = None
    if number is None or number < low or (high is not None and number > high):
        span = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise TokenError(f"{name}: expected a whole number {span}, got {value!r}")
    return number


def wholes(value: object, name: str, low: int, high: int | None = None) -> tuple[int, ...]:
    """``value`` as a tuple of ints in ``low..high``."""
    return tuple(whole(v, f"{name}[{i}]", low, high) for i, v in enumerate(items(value, name)))


def real(value: object, name: str, low: float | None = None) -> float:
    """``value`` as a finite float of at least ``low``; bool does not pass."""
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        if isfinite(number) and (low is None or number >= low):
            return number
    least = "" if low is None else f" of at least {low:g}"
    raise TokenError(f"{name}: expected a finite number{least}, got {value!r}")


def word(value: object, name: str, legal: Sequence[str] = ()) -> str:
    """``value`` as a string that is not empty and, where ``legal`` is given, one of these."""
    if not isinstance(value, str) or not value or (legal and value not in legal):
        wanted = f"one of {', '.join(legal)}" if legal else "a word"
        raise TokenError(f"{name}: expected {wanted}, got {value!r}")
    return value


def items(value: object, name: str) -> tuple[Any, ...]:
    """``value`` as a tuple, where it is a list or a tuple."""
    if not isinstance(value, list | tuple):
        raise TokenError(f"{name}: expected a list, got {value!r}")
    return tuple(value)


def rising(values: Sequence[int], name: str) -> None:
    """Check that ``values`` is not empty and each is larger than the one before."""
    if not values or any(b <= a for a, b in zip(values, values[1:], strict=False)):
        raise TokenError(f"{name}: expected rising numbers, got {list(values)}")


def parse_span(text: str, name: str) -> tuple[int, ...]:
    """``"1..4"`` as (1, 2, 3, 4)."""
    match = _SPAN.fullmatch(text)
    if match is None or int(match[2]) < int(match[1]):
        raise TokenError(f'{name}: expected a list or a span like "1..256", got {text!r}')
    return tuple(range(int(match[1]), int(match[2]) + 1))


def show(numbers: Iterable[int]) -> str:
    """Numbers for a message: runs of three and more as spans, ``1..256`` or ``1, 3, 7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = [
        [f"{run[0]}..{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
        for run in runs
    ]
    return ", ".join(text for part in parts for text in part)
