"""One static HTML page of all boards: sortable, filtered by modality, licence and bits."""

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .rows import Board
from .tables import cell

HEADS = ("model", "options", "prefix", "bits", "entropy_bits", "license", "parameters")


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
    arrows = {True: " ↑", False: " ↓", None: ""}
    names = [*HEADS, *board.metrics]
    heads = "".join(
        f"<th>{html.escape(name)}{arrows[board.directions.get(name)]}</th>" for name in names
    )
    rows = "\n".join(_row(row, names) for row in board.rows)
    kind = " <em>(reported elsewhere)</em>" if board.reported else ""
    picture = ""
    if plot is not None:
        coded = base64.b64encode(plot).decode()
        title = html.escape(board.title, quote=True)
        picture = f'<img alt="quality against bits: {title}" src="data:image/png;base64,{coded}">'
    return (
        f'<section data-modality="{html.escape(board.modality)}">'
        f"<h2>{html.escape(board.title)}{kind}</h2>{picture}"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _row(row: Mapping[str, Any], names: Sequence[str]) -> str:
    cells = []
    for name in names:
        value = row.get(name)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        key = f' data-value="{value!r}"' if number else ""
        more = html.escape(row["all_options"], quote=True) if name == "model" else ""
        hint = f' title="{more}"' if more else ""
        cells.append(f"<td{key}{hint}>{html.escape(cell(dict(row), name))}</td>")
    marks = f'data-license="{html.escape(str(row["license"]), quote=True)}"'
    bits = "" if row["bits"] is None else f' data-bits="{row["bits"]!r}"'
    return f"<tr {marks}{bits}>{''.join(cells)}</tr>"


def _choices(names: Sequence[str]) -> str:
    return "".join(f"<option>{html.escape(name)}</option>" for name in names)
