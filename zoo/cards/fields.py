"""Typed reading of a card's values: one small converter per type, strict about leftovers."""

import difflib
import math
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any, TypeVar

from ..errors import CardError
from .front import Value, describe

T = TypeVar("T")
Convert = Callable[[Value], T]

FAMILY = re.compile(r"[a-z][a-z0-9_]*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SHA256 = re.compile(r"[0-9a-f]{64}")
REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")


class Fields:
    """The keys of one mapping, taken one by one; ``close`` makes the rest an error."""

    def __init__(self, value: Value):
        self.value = value
        self._left = value.entries()
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, convert: Convert[T]) -> T:
        """The value of a key that must be there."""
        self._known.append(key)
        if key not in self._left:
            # A misspelled key is the likeliest reason, so name it before the missing one.
            self._refuse_near(key)
            raise self.value.error(f"the key {key!r} is missing")
        return convert(self._left.pop(key))

    def take_or(self, key: str, convert: Convert[T], default: T) -> T:
        """The value of a key, or ``default`` where the key is missing or null."""
        self._known.append(key)
        value = self._left.pop(key, None)
        if value is None or is_null(value):
            return default
        return convert(value)

    def take_maybe(self, key: str, convert: Convert[T]) -> T | None:
        """The value of a key, or None where the key is missing or null."""
        self._known.append(key)
        value = self._left.pop(key, None)
        return None if value is None or is_null(value) else convert(value)

    def close(self) -> None:
        """Raise for the first key that nobody asked for, with near names."""
        for key, value in self._left.items():
            raise value.error(f"unknown key {key!r}{did_you_mean(key, self._known)}")

    def _refuse_near(self, key: str) -> None:
        for near in difflib.get_close_matches(key, self._left, 1, 0.75):
            raise self._left[near].error(f"unknown key {near!r}; did you mean {key!r}?")


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """'; did you mean ...?' or the list of known words, to end an error message."""
    known = list(known)
    near = difflib.get_close_matches(given, known, 2, 0.6)
    if near:
        return f"; did you mean {' or '.join(map(repr, near))}?"
    return f"; known here: {', '.join(known)}" if known else ""


def is_null(value: Value) -> bool:
    """Whether a value is an explicit null."""
    return value.node.tag == "tag:yaml.org,2002:null" and value.scalar() is None


def text(
    pattern: re.Pattern[str] | None = None, choices: Iterable[str] = (), what: str = "text"
) -> Convert[str]:
    """Non-empty text, matching a pattern or being one of the choices."""
    allowed = tuple(choices)

    def convert(value: Value) -> str:
        got = value.scalar()
        if not isinstance(got, str) or not got.strip():
            hint = "; quote it" if got is not None and not isinstance(got, str) else ""
            raise value.error(f"expected {what}, got {describe(value.node)}{hint}")
        if allowed and got not in allowed:
            raise value.error(f"expected one of {', '.join(allowed)}, got {got!r}")
        if pattern is not None and not pattern.fullmatch(got):
            raise value.error(f"expected {what}, got {got!r}")
        return got

    return convert


def integer(minimum: int | None = None) -> Convert[int]:
    """A whole number, not below ``minimum``."""

    def convert(value: Value) -> int:
        got = value.scalar()
        if not isinstance(got, int) or isinstance(got, bool):
            raise value.error(f"expected a whole number, got {describe(value.node)}")
        if minimum is not None and got < minimum:
            raise value.error(f"expected at least {minimum}, got {got}")
        return got

    return convert


def number(value: Value) -> float:
    """A finite number; a whole one is welcome."""
    got = value.scalar()
    if not isinstance(got, (int, float)) or isinstance(got, bool) or not math.isfinite(got):
        raise value.error(f"expected a number, got {describe(value.node)}")
    return float(got)


def flag(value: Value) -> bool:
    """``true`` or ``false``."""
    got = value.scalar()
    if not isinstance(got, bool):
        raise value.error(f"expected true or false, got {describe(value.node)}")
    return got


def many(convert: Convert[T], length: int | None = None) -> Convert[tuple[T, ...]]:
    """A list whose entries ``convert`` reads, of a fixed length where one is given."""

    def read(value: Value) -> tuple[T, ...]:
        items = value.items()
        if length is not None and len(items) != length:
            raise value.error(f"expected {length} entries, got {len(items)}")
        return tuple(convert(item) for item in items)

    return read


def mapping(value: Value) -> dict[str, Any]:
    """A mapping as plain Python."""
    return {key: entry.plain() for key, entry in value.entries().items()}


def relative_path(value: Value) -> str:
    """A file name that stays below the folder it is relative to."""
    got = text(what="a relative path with forward slashes")(value)
    try:
        return check_relative(got)
    except CardError as error:
        raise value.error(str(error)) from None


def check_relative(name: str) -> str:
    """``name`` if it is a plain relative path such as ``weights/model.safetensors``.

    Cards come from anywhere, so a name that could leave its folder is refused, whatever the
    platform: absolute paths, ``..``, backslashes, drive letters, control characters.

    Raises:
        CardError: with the name.
    """
    parts = PurePosixPath(name).parts
    unsafe = (
        not parts
        or name != "/".join(parts)
        or any(part in ("..", ".") or part.startswith("~") for part in parts)
        or any(mark in name for mark in '\\:*?"<>|')
        or any(ord(letter) < 32 for letter in name)
    )
    if unsafe or name.startswith("/"):
        raise CardError(f"{name!r} is not a plain relative path below its folder")
    return name
