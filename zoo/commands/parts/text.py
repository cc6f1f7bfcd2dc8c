"""How commands speak: columns, sheets, and one JSON object for machines."""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence


def tell(args: argparse.Namespace, text: str, facts: Mapping[str, object]) -> None:
    """Print ``text``, or with ``--json`` the facts as one object on one line."""
    print(json.dumps(facts, allow_nan=False) if args.json else text.rstrip("\n"))


def columns(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells, aligned; the first row is the heading."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in table
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def sheet(facts: Iterable[tuple[str, str | Sequence[str]]]) -> str:
    """Names and values beneath each other; several values take a line each, none at all none."""
    entries = [(name, [value] if isinstance(value, str) else [*value]) for name, value in facts]
    entries = [(name, [v for v in values if v]) for name, values in entries]
    width = max(len(name) for name, values in entries if values)
    return "".join(
        f"  {name if index == 0 else '':<{width}}  {value}\n"
        for name, values in entries
        for index, value in enumerate(values)
    )


def number(value: float) -> str:
    """A size for people: whole from 100 on, else three digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def span(values: Iterable[float]) -> str:
    """``256`` where all agree, else ``64..256``."""
    texts = [number(value) for value in sorted(values)]
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]}..{texts[-1]}"


def count(items: int, what: str = "item") -> str:
    """``1 item``, ``3 items``."""
    return f"{items} {what}" if items == 1 else f"{items} {what}s"


def size(count: int) -> str:
    """Bytes for people: ``512 B``, ``1.6 kB``."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{number(count / scale)} {unit}"
    return f"{count} B"
