"""Boards as CSV, which keeps every digit, and as Markdown, which is for people."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

from ..speed.table import short
from .rows import Board


def csv_text(board: Board) -> str:
    """All columns; never rounded."""
    names = list(dict.fromkeys(name for row in board.rows for name in row))
    stream = StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(board.rows)
    return stream.getvalue()


def markdown(boards: Sequence[Board]) -> str:
    """Every board under its title."""
    return "\n".join(_one(board) for board in boards)


def _one(board: Board) -> str:
    names = ["model", "options", "prefix", "bits", *board.metrics]
    arrows = {True: " ↑", False: " ↓", None: ""}
    heads = [f"{name}{arrows[board.directions.get(name)]}" for name in names]
    kind = " (reported elsewhere)" if board.reported else ""
    lines = [f"## {board.title}{kind}", "", f"| {' | '.join(heads)} |", "|---" * len(names) + "|"]
    lines += [f"| {' | '.join(cell(row, name) for name in names)} |" for row in board.rows]
    return "\n".join([*lines, ""])


def cell(row: dict[str, Any], name: str) -> str:
    """A value for people: three digits, the interval's half-width, and what failed."""
    value = row.get(name)
    if value is None:
        return "full" if name == "prefix" else ""
    if isinstance(value, bool | str) or name == "prefix":
        return str(value)
    if name == "parameters":
        return f"{short(value / 1e6)} M"
    interval, failed = row.get(f"{name}/ci95"), row.get(f"{name}/failed")
    half = f" ±{short((interval[1] - interval[0]) / 2)}" if interval else ""
    lost = f" ({failed} failed)" if failed else ""
    return f"{short(value)}{half}{lost}"
