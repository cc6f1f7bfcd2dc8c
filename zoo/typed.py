"""Plain mappings (YAML, JSON) -> frozen dataclasses, strictly."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from .errors import CardError

T = TypeVar("T")


def from_mapping(cls: type[T], mapping: Mapping[str, Any], where: str) -> T:
    """Build dataclass ``cls`` from ``mapping``: no unknown, missing or mistyped field.

    Nested dataclasses take mappings, tuples take lists; an int is welcome where a float is due,
    nothing else is converted. ``where`` names the place in the error.

    Raises:
        CardError: with the field, what stands there and what was expected.
    """
    if not isinstance(mapping, Mapping):
        raise CardError(f"{where}: expected a mapping with the fields of {cls.__name__}")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in mapping:
        if key not in fields:
            near = difflib.get_close_matches(str(key), fields, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(fields)}"
            raise CardError(f"{where}: unknown field {key!r}{hint}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in mapping:
            values[name] = _convert(mapping[name], hints[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise CardError(f"{where}: field {name!r} is missing")
    return cls(**values)


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_mapping(hint, value, where)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        (kind,) = (argument for argument in arguments if argument is not type(None))
        return _convert(value, kind, where)
    if origin is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        if len(kinds) != len(value):
            raise CardError(f"{where}: expected {len(kinds)} entries, got {len(value)}")
        pairs = zip(value, kinds, strict=True)
        return tuple(_convert(v, kind, f"{where}[{i}]") for i, (v, kind) in enumerate(pairs))
    if origin is dict and isinstance(value, Mapping):
        return {str(key): _convert(v, arguments[1], f"{where}.{key}") for key, v in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    expected = getattr(hint, "__name__", str(hint))
    raise CardError(f"{where}: expected {expected}, got {value!r}")
