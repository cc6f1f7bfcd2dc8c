"""The paired difference of two results, metric by metric, on the samples that both scored."""

import math
from typing import Any

from zoo.errors import ZooError

from ..speed.table import aligned, short
from ..statistics.paired import paired_difference
from .load import Result
from .rows import settings_text
from .verify import sample_rows


def compare(one: Result, other: Result, quality: str, other_quality: str) -> list[dict[str, Any]]:
    """Per metric of both: the mean of one minus other, its interval, and how many pairs.

    Raises:
        ZooError: for results that are not comparable, a quality that is not there, and samples
            that changed since.
    """
    if one.group != other.group:
        raise ZooError(
            f"{one.path} and {other.path} are not comparable: {one.group} against {other.group}"
        )
    figures = [_figures(one, quality), _figures(other, other_quality)]
    rows = [_rows(one, quality), _rows(other, other_quality)]
    shared = [name for name in rows[0] if name in rows[1]]
    found = []
    for metric, figure in figures[0].items():
        if metric not in figures[1] or settings_text(figure) != settings_text(figures[1][metric]):
            continue
        column = metric.removeprefix("accuracy_")
        pairs = [
            (float(rows[0][name][key]), float(rows[1][name][key]))
            for name in shared
            for key in {metric, column}
            if rows[0][name].get(key) is not None and rows[1][name].get(key) is not None
        ]
        pairs = [pair for pair in pairs if all(map(math.isfinite, pair))]
        if pairs:
            mean = paired_difference(*zip(*pairs, strict=True))
            interval = None if mean.low is None else [mean.low, mean.high]
            found.append(
                {
                    "metric": metric,
                    "difference": mean.value,
                    "ci95": interval,
                    "n": len(pairs),
                    "higher_is_better": figure["higher_is_better"],
                }
            )
    return found


def text(found: list[dict[str, Any]]) -> str:
    """For people; a star marks intervals without zero."""
    body = []
    for entry in found:
        low, high = entry["ci95"] or (math.nan, math.nan)
        star = "*" if low > 0 or high < 0 else ""
        body.append(
            (entry["metric"], short(entry["difference"]), f"{short(low)} .. {short(high)}", star,
             str(entry["n"]))
        )  # fmt: skip
    return aligned(("metric", "difference", "95 %", "", "samples"), body)


def _figures(result: Result, quality: str) -> dict[str, Any]:
    for entry in result.body["qualities"]:
        if ("full" if entry["prefix"] is None else str(entry["prefix"])) == quality:
            return entry["metrics"]
    known = ", ".join(str(entry["prefix"]) for entry in result.body["qualities"])
    raise ZooError(f"{result.path}: no quality {quality}; it has {known}")


def _rows(result: Result, quality: str) -> dict[str, dict[str, Any]]:
    return {row["id"]: row["qualities"][quality] for row in sample_rows(result)}
