"""What differs between two nested mappings."""

from collections.abc import Iterator, Mapping
from typing import Any


def differences(
    one: Mapping[str, Any], other: Mapping[str, Any], at: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """``("encoder.width", 32, 64)`` for each value that differs; None where there is none.

    Tuples and lists of the same values are the same, as in JSON.
    """
    for key in [*one, *(key for key in other if key not in one)]:
        a, b = one.get(key), other.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from differences(a, b, f"{at}{key}.")
        elif _plain(a) != _plain(b):
            yield f"{at}{key}", a, b


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
