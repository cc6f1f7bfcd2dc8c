"""From results to the rows of boards: one per tokenizer and quality, grouped by what compares."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .load import Result

RATES = {"bits/pixel": "per_pixel", "bits/s": "per_second"}


@dataclass(frozen=True)
class Board:
    """Results that may stand in one table; columns are those of their metrics."""

    title: str
    modality: str
    reported: bool
    metrics: tuple[str, ...]
    """Also ``METRIC of CODEC``: what a classical codec reaches with as many bits."""
    directions: dict[str, bool | None]
    rows: tuple[dict[str, Any], ...]
    """Plain values by column; per metric also ``NAME/ci95``, ``NAME/n`` and ``NAME/failed``."""
    results: tuple[Result, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that people look at: what a row is, what it costs, its metrics."""
        costs = ("bits", *RATES)
        rates = [name for name in costs if any(row[name] is not None for row in self.rows)]
        options = ["options"] if any(row["options"] for row in self.rows) else []
        judged = [name for name in self.metrics if self.directions[name] is not None]
        return ("model", *options, "prefix", *rates, *judged)


def boards(results: Sequence[Result]) -> list[Board]:
    """Every group of comparable results as a board, in a stable order."""
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for result in results:
        groups.setdefault(result.group, []).append(result)
    return [_board(groups[group]) for group in sorted(groups, key=str)]


def _board(results: list[Result]) -> Board:
    directions: dict[str, bool | None] = {}
    equal: dict[str, bool | None] = {}
    rows = []
    for result in results:
        for quality in result.body["qualities"]:
            row = _leading(result, quality) | {"options": varying_options(result, results)}
            for name, figure in quality["metrics"].items():
                column = _column(name, figure, results)
                directions[column] = figure.get("higher_is_better")
                row[column] = figure["value"]
                for detail in ("ci95", "n", "failed", "settings"):
                    row[f"{column}/{detail}"] = figure.get(detail)
            for codec, reached in quality.get("equal_bits", {}).items():
                for name in reached:
                    column = f"{name} of {codec}"
                    equal[column] = directions.get(name)
                    row[column] = reached[name]
            rows.append(row)
    directions |= {name: equal[name] for name in equal if any(row.get(name) for row in rows)}
    first = results[0].body
    data = first["data"]
    count = f"{data['scored']} samples of " if "scored" in data else ""
    version = "" if first["task"].get("version") is None else f" {first['task']['version']}"
    return Board(
        f"{first['task']['name']}{version}: {count}{data['name']}",
        first["model"].get("modality", ""),
        not results[0].measured,
        tuple(directions),
        directions,
        tuple(rows),
        tuple(results),
    )


def _leading(result: Result, quality: dict[str, Any]) -> dict[str, Any]:
    body, rate = result.body, quality.get("rate") or {}
    return {
        "model": body["model"]["name"],
        "options": "",
        "all_options": _text(_options(result)),
        "prefix": quality["prefix"],
        "bits": rate.get("nominal_bits"),
        "entropy_bits": rate.get("entropy_bits"),
        **{name: (rate.get(part) or {}).get("nominal_bits") for name, part in RATES.items()},
        "license": body["model"].get("license"),
        "parameters": body["model"].get("parameters"),
        "file": result.path.name,
        "source": body["source"]["title"] if "source" in body else "",
    }


def varying_options(result: Result, among: Sequence[Result]) -> str:
    """The options of decode that tell a result from others of its model."""
    name = result.body["model"]["name"]
    same = [_options(other) for other in among if other.body["model"]["name"] == name]
    own = _options(result)
    return _text({k: v for k, v in own.items() if any(other.get(k) != v for other in same)})


def _options(result: Result) -> dict[str, Any]:
    return result.body["task"].get("settings", {}).get("decode", {})


def _text(options: dict[str, Any]) -> str:
    return ", ".join(f"{k}={v}" for k, v in options.items() if v is not None)


def _column(name: str, figure: dict[str, Any], results: Sequence[Result]) -> str:
    """The metric's name; a number behind it where its settings differ between the results."""
    known: list[str] = []
    for result in results:
        for quality in result.body["qualities"]:
            if name in quality["metrics"]:
                text = settings_text(quality["metrics"][name])
                if text not in known:
                    known.append(text)
    place = known.index(settings_text(figure))
    return name if place == 0 else f"{name} ({place + 1})"


def settings_text(figure: dict[str, Any]) -> str:
    """All that a figure depends on besides the samples, as one text."""
    return json.dumps([figure.get("settings"), figure.get("weights")], sort_keys=True)
