"""The part of a rate-distortion curve that is worth its bits."""

from collections.abc import Mapping, Sequence
from typing import Any


def front(
    entries: Sequence[Mapping[str, Any]], metric: str, axis: str = ""
) -> list[Mapping[str, Any]]:
    """Entries with a value of ``metric`` that no cheaper one reaches, from few bits to many.

    Entries have ``rate`` and ``metrics``; ``axis`` is ``per_pixel``, ``per_second`` or "".
    """
    valued = [e for e in entries if (e["metrics"].get(metric) or {}).get("value") is not None]
    kept: list[Mapping[str, Any]] = []
    for entry in sorted(valued, key=lambda one: bits_of(one, axis)):
        if not kept or _better(entry["metrics"][metric], kept[-1]["metrics"][metric]["value"]):
            kept.append(entry)
    return kept


def bits_of(entry: Mapping[str, Any], axis: str = "") -> float:
    """Nominal bits of an entry, per item or per what ``axis`` says."""
    rate = entry["rate"]
    return (rate[axis] if axis else rate)["nominal_bits"]


def _better(figure: Mapping[str, Any], than: float) -> bool:
    if figure["higher_is_better"] is False:
        return figure["value"] < than
    return figure["value"] > than
