"""Quality against bits: a line per tokenizer over its prefixes, dashed ones for anchors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from zoo.atomic import atomic_write
from zoo.errors import NotSupportedError, ZooError

from ..results.front import bits_of, front

Result = Mapping[str, Any]
LABELS = 8  # on a line: more overlap
AXES = {"per_pixel": "bits per pixel", "per_second": "bits per second", "": "bits per item"}


class Point(NamedTuple):
    """One quality: where it stands, and how sure that is."""

    bits: float
    value: float
    low: float
    high: float
    label: str


def draw_curve(
    results: Sequence[Result], metric: str | None, path: Path, marks: Sequence[str] = ()
) -> None:
    """Draw results of one task to a PNG or SVG file.

    ``metric`` may be a pattern, ``accuracy_*``: then every metric of that name is a line. By default
    the first metric, and of accuracies all. ``marks`` tell results of one tokenizer apart in the
    legend.

    Raises:
        ZooError: if no result has the metric, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise NotSupportedError(
            "a plot needs matplotlib: pip install 'tokenizer-zoo[eval]'"
        ) from error

    names = chosen_metrics(results, metric)
    axis = _axis(results)
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    plot = figure.add_subplot()
    drawn: Counter[str] = Counter()
    for result, mark in zip(results, marks or [""] * len(results), strict=True):
        for name in names:
            points = _points(result["qualities"], name, axis, "prefix")
            words = (result["model"]["name"], mark, name if len(names) > 1 else "")
            if points:
                drawn[name] += 1
                _draw_line(plot, points, ", ".join(filter(None, words)))
    if not drawn:
        raise ZooError(f"nothing to draw: no quality has a value of {metric or names[0]!r}")
    if len(names) == 1:
        _draw_anchors(plot, results, names[0], axis)
    plot.set_xscale("log")
    plot.set_xlabel(AXES[axis])
    plot.set_ylabel(_what(results, names))
    plot.set_title(_title(results), fontsize=10)
    plot.grid(alpha=0.3)
    plot.legend(fontsize=8)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=150)


def chosen_metrics(results: Sequence[Result], metric: str | None) -> list[str]:
    """The metrics of the results that ``metric``, a name or a pattern, asks for."""
    known = {name: None for one in results for q in one["qualities"] for name in q["metrics"]}
    first = next(iter(known))
    usual = "accuracy_*" if first.startswith("accuracy_") else first
    pattern = usual if metric is None else metric
    return [name for name in known if fnmatchcase(name, pattern)] or [pattern]


def _what(results: Sequence[Result], names: Sequence[str]) -> str:
    entry = next(e for r in results for q in r["qualities"] if (e := q["metrics"].get(names[0])))
    what = names[0] if len(names) == 1 else names[0].partition("_")[0]
    return f"{what} ({entry['unit']})" if entry["unit"] else what


def _draw_line(plot: Any, points: Sequence[Point], name: str) -> None:
    spans = [[p.value - p.low for p in points], [p.high - p.value for p in points]]
    bits, values = [p.bits for p in points], [p.value for p in points]
    plot.errorbar(bits, values, yerr=spans, marker="o", markersize=4, capsize=2, label=name)
    for point in points[:: 1 + len(points) // LABELS]:
        plot.annotate(
            point.label, (point.bits, point.value), textcoords="offset points", xytext=(4, -11),
            fontsize=7,
        )  # fmt: skip


def _draw_anchors(plot: Any, results: Sequence[Result], metric: str, axis: str) -> None:
    """Those of the first result that has some: all are of the same samples."""
    anchors = next((r["anchors"] for r in results if r.get("anchors")), [])
    for shade, codec in enumerate(dict.fromkeys(anchor["codec"] for anchor in anchors)):
        own = [anchor for anchor in anchors if anchor["codec"] == codec]
        points = _points(front(own, metric, axis), metric, axis, "setting")
        if points:
            bits, values = [p.bits for p in points], [p.value for p in points]
            grey = str(0.25 + 0.2 * (shade % 3))
            style = ("--", ":", "-.")[shade % 3]
            plot.plot(bits, values, style, color=grey, marker=".", label=codec)


def _points(
    entries: Sequence[Mapping[str, Any]], metric: str, axis: str, label: str
) -> list[Point]:
    found = []
    for entry in entries:
        figure = entry["metrics"].get(metric)
        if figure is None or figure["value"] is None or not entry["rate"]:
            continue
        value = figure["value"]
        low, high = figure["ci95"] or (value, value)
        text = "full" if entry[label] is None else str(entry[label])
        found.append(Point(bits_of(entry, axis), value, low, high, text))
    return sorted(found)


def _axis(results: Sequence[Result]) -> str:
    rates = [quality["rate"] for result in results for quality in result["qualities"]]
    for axis in ("per_second", "per_pixel"):
        if all(axis in rate for rate in rates):
            return axis
    return ""


def _title(results: Sequence[Result]) -> str:
    first = results[0]
    return f"{first['task']['name']}, {first['data']['scored']} samples of {first['data']['name']}"
