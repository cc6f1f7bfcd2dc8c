"""Boards as CSV, which keeps every digit, and as Markdown, which is for people."""

import csv
import math
from collections.abc import Sequence
from io import StringIO
from typing import Any

from ..speed.table import short
from .rows import Board

ARROWS = {True: " ↑", False: " ↓", None: ""}


def csv_text(board: Board) -> str:
    """All columns; never rounded."""
    names = dict.fromkeys(name for row in board.rows for name in row)
    names = [name for name in names if not name.endswith("/settings")]
    stream = StringIO()
    writer = csv.DictWriter(stream, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(board.rows)
    return stream.getvalue()


def markdown(boards: Sequence[Board], level: int = 2) -> str:
    """Every board under its title, a heading of ``level``."""
    return "\n".join(_one(board, level) for board in boards)


def row_text(board: Board) -> list[list[str]]:
    """A list of cells per row, in the order of ``board.columns``, as people read them."""
    return [[cell(row, name) for name in board.columns] for row in board.rows]


def head(board: Board, name: str) -> str:
    """A column's name, with an arrow to where its metric gets better."""
    return f"{name}{ARROWS[board.directions.get(name)]}"


def _one(board: Board, level: int) -> str:
    kind = " (reported elsewhere)" if board.reported else ""
    heads = [head(board, name) for name in board.columns]
    lines = [f"{'#' * level} {board.title}{kind}", "", f"| {' | '.join(heads)} |"]
    lines += ["|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(cells)} |" for cells in row_text(board)]
    return "\n".join([*lines, ""])


def cell(row: dict[str, Any], name: str) -> str:
    """A value for people: no more digits than matter, the interval's half-width, and what failed."""
    value = row.get(name)
    if value is None:
        return "full" if name == "prefix" else ""
    if isinstance(value, bool | str) or name == "prefix":
        return str(value)
    if name == "parameters":
        return f"{short(value / 1e6)} M"
    interval, failed = row.get(f"{name}/ci95"), row.get(f"{name}/failed")
    lost = f" ({failed} failed)" if failed else ""
    return f"{_sure(value, interval)}{lost}"


def _sure(value: float, interval: Sequence[float] | None) -> str:
    """As many digits as the interval leaves sense in: two of its half-width."""
    if not interval:
        return short(value)
    half = (interval[1] - interval[0]) / 2
    digits = max(0, 1 - math.floor(math.log10(half))) if half > 0 else 2
    return f"{value:.{digits}f} ±{half:.{digits}f}"
