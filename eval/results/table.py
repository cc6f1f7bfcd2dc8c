"""A result for people: a row per quality."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..speed.table import aligned, short


def table(found: Mapping[str, Any]) -> str:
    """Bits and metrics of every quality, with the half-width of the 95 % interval of each mean."""
    qualities = found["qualities"]
    names = list(dict.fromkeys(name for one in qualities for name in one["metrics"]))
    header = [qualities[0]["unit"] or "quality", "bits", "entropy", *names]
    body = [_row(quality, names) for quality in qualities]
    data = found["data"]
    lines = [
        f"{found['model']['name']}, {found['task']['name']} {found['task']['version']}: "
        f"{data['scored']} samples of {data['name']}, {data['failed']} failed",
        "",
        aligned(header, body),
    ]
    if found.get("anchors"):
        lines += [
            "",
            "at equal bits (- where a codec does not go so low or high):",
            _equal(qualities),
        ]
    lines += [f"skipped {one['metric']}: {one['reason']}" for one in found["skipped"]]
    lines += [
        f"failed {one['id']} ({one['stage']}): {one['error']}: {one['reason']}"
        for one in data["failures"][:10]
    ]
    hidden = len(data["failures"]) - 10
    return "\n".join(lines + ([f"... and {hidden} more failures"] if hidden > 0 else []))


def _equal(qualities: Sequence[Mapping[str, Any]]) -> str:
    codecs = list(qualities[0]["equal_bits"])
    names = list(dict.fromkeys(name for one in qualities[0]["equal_bits"].values() for name in one))
    header = ["bits", *(f"{codec} {name}" for codec in codecs for name in names)]
    body = []
    for quality in qualities:
        cells = [short(quality["rate"]["nominal_bits"])]
        for codec in codecs:
            reached = [quality["equal_bits"][codec].get(name) for name in names]
            cells += ["-" if value is None else short(value) for value in reached]
        body.append(cells)
    return aligned(header, body)


def _row(quality: Mapping[str, Any], names: list[str]) -> list[str]:
    prefix, rate = quality["prefix"], quality["rate"]
    head = ["full" if prefix is None else str(prefix)]
    head += [short(rate["nominal_bits"]), short(rate["entropy_bits"])] if rate else ["", ""]
    return head + [_cell(quality["metrics"].get(name)) for name in names]


def _cell(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return ""
    if entry["value"] is None:
        return "exact" if entry.get("infinite") else "-"
    half = "" if not entry["ci95"] else f" +-{short((entry['ci95'][1] - entry['ci95'][0]) / 2)}"
    lost = f" ({entry['failed']} failed)" if entry.get("failed") else ""
    return f"{short(entry['value'])}{half}{lost}"
