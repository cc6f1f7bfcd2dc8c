"""One static HTML page of all boards: sortable, filtered by modality, licence, kind and bits."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .provenance import metric_settings, origin
from .rows import RATES, Board
from .tables import cell, head

HEADS = ("model", "options", "prefix", "bits", *RATES, "entropy_bits", "license", "parameters")


def page(boards: Sequence[Board], plots: Mapping[int, bytes]) -> str:
    """The page; ``plots`` are PNG files by the number of their board. Needs no other file."""
    template = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    body = "\n".join(_board(board, plots.get(i)) for i, board in enumerate(boards))
    modalities = sorted({board.modality for board in boards})
    licenses = sorted({str(row["license"]) for board in boards for row in board.rows})
    return (
        template.replace("<!--boards-->", body)
        .replace("<!--modalities-->", _choices(modalities))
        .replace("<!--licenses-->", _choices(licenses))
    )


def _board(board: Board, plot: bytes | None) -> str:
    names = [name for name in HEADS if any(row.get(name) not in (None, "") for row in board.rows)]
    names += board.metrics
    heads = "".join(
        f'<th scope="col"><button type="button">{escape(head(board, name))}</button></th>'
        for name in names
    )
    rows = "\n".join(_row(row, names) for row in board.rows)
    kind = "reported" if board.reported else "measured"
    mark = " <em>(reported elsewhere)</em>" if board.reported else ""
    return (
        f'<section data-modality="{escape(board.modality)}" data-kind="{kind}">'
        f"<h2>{escape(board.title)}{mark}</h2>{_picture(board, plot)}"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"{_details(board)}</section>"
    )


def _picture(board: Board, plot: bytes | None) -> str:
    if plot is None:
        return ""
    coded = base64.b64encode(plot).decode()
    title = escape(board.title, quote=True)
    return f'<img alt="quality against bits: {title}" src="data:image/png;base64,{coded}">'


def _details(board: Board) -> str:
    """How it was measured, or who reports it, and what the metrics depend on."""
    lines = []
    for result in board.results:
        name = escape(result.body["model"]["name"])
        text = f"<b>{name}</b> <code>{escape(result.path.name)}</code>: {escape(origin(result))}"
        if not result.measured:
            url = escape(result.body["source"]["url"], quote=True)
            text += f' (<a href="{url}">source</a>)'
        lines.append(text)
    lines += [
        f"<b>{escape(name)}</b>: {escape(words)}" for name, words in metric_settings(board).items()
    ]
    items = "".join(f"<li>{line}</li>" for line in lines)
    title = "Sources" if board.reported else "How this was measured"
    return f"<details><summary>{title}</summary><ul>{items}</ul></details>"


def _row(row: Mapping[str, Any], names: Sequence[str]) -> str:
    cells = []
    for name in names:
        value = row.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        key = f' data-value="{value!r}"' if number else ""
        more = escape(row["all_options"], quote=True) if name == "model" else ""
        hint = f' title="{more}"' if more else ""
        cells.append(f"<td{key}{hint}>{escape(cell(dict(row), name))}</td>")
    marks = f'data-license="{escape(str(row["license"]), quote=True)}"'
    bits = "" if row["bits"] is None else f' data-bits="{row["bits"]!r}"'
    return f"<tr {marks}{bits}>{''.join(cells)}</tr>"


def _choices(names: Sequence[str]) -> str:
    return "".join(f"<option>{escape(name)}</option>" for name in names)
