"""A TokenSpec as plain values and back: the ``tokens:`` of a card, the header of a file."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any

from ..errors import TokenError
from .checks import at, items, parse_span, whole
from .spec import MAX_VOCABULARY, ExtraSpec, Prefixes, TokenSpec


def spec_to_dict(spec: TokenSpec) -> dict[str, Any]:
    """Plain JSON values, without the fields that are at their default."""
    defaults = {field.name: field.default for field in fields(TokenSpec)}
    full = asdict(spec)
    if spec.prefixes is not None:
        usual = Prefixes(spec.prefixes.axis, spec.prefixes.unit, spec.prefixes.sizes)
        if spec.prefixes == usual:
            del full["prefixes"]["values"]
    for extra in full["extras"]:
        if not extra["labels"]:
            del extra["labels"]
    return {name: _plain(value) for name, value in full.items() if value != defaults[name]}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _span(entry) if name in ("sizes", "values") else _plain(entry)
            for name, entry in value.items()
        }
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _span(numbers: tuple[int, ...]) -> str | list[int]:
    """Long runs as ``"1..256"``."""
    first, last = numbers[0], numbers[-1]
    run = len(numbers) > 3 and last - first + 1 == len(numbers)
    return f"{first}..{last}" if run else list(numbers)


def spec_from_dict(data: Mapping[str, Any]) -> TokenSpec:
    """See :meth:`TokenSpec.from_dict`."""
    given = _known(data, TokenSpec, "")
    given["vocab_sizes"] = _vocab_sizes(given["vocab_sizes"])
    if given.get("prefixes") is not None:
        prefixes = _known(given["prefixes"], Prefixes, "prefixes")
        for name in ("sizes", "values"):
            if isinstance(prefixes.get(name), str):
                prefixes[name] = parse_span(prefixes[name], f"prefixes.{name}")
        with at("prefixes."):
            given["prefixes"] = Prefixes(**prefixes)
    extras = []
    for i, entry in enumerate(items(given.get("extras", ()), "extras")):
        extra = _known(entry, ExtraSpec, f"extras[{i}]")
        with at(f"extras[{i}]."):
            extras.append(ExtraSpec(**extra))
    given["extras"] = tuple(extras)
    return TokenSpec(**given)


def _known(data: object, kind: type, path: str) -> dict[str, Any]:
    """``data`` as a dict whose keys are fields of ``kind``, none unknown, none missing."""
    where = f"{path}: " if path else ""
    if not isinstance(data, Mapping):
        raise TokenError(f"{where}expected a mapping, got {data!r}")
    names = [field.name for field in fields(kind)]
    unknown = [key for key in data if key not in names]
    if unknown:
        raise TokenError(f"{where}unknown keys {unknown}; known are {', '.join(names)}")
    needed = [f.name for f in fields(kind) if f.default is MISSING and f.name not in data]
    if needed:
        raise TokenError(f"{where}missing {', '.join(needed)}")
    return dict(data)


def _vocab_sizes(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    if set(value) != {"size", "slots"}:
        raise TokenError(f"vocab_sizes: expected a list or {{size, slots}}, got {dict(value)}")
    size = whole(value["size"], "vocab_sizes.size", 1, MAX_VOCABULARY)
    return (size,) * whole(value["slots"], "vocab_sizes.slots", 1, 4096)
