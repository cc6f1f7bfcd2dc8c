"""A folder with the page, the tables and the plots of some results."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from zoo.atomic import atomic_write
from zoo.errors import ZooError

from ..plots.curve import draw_curve
from .load import Result
from .page import page
from .rows import Board, boards, varying_options
from .tables import csv_text, markdown


def build(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write ``index.html``, ``leaderboard.md`` and ``board-N.csv``; a function of the results only.

    Raises:
        OSError: if a file cannot be written.
    """
    folder.mkdir(exist_ok=True)
    found = boards(results)
    texts = {"index.html": page_html(results), "leaderboard.md": markdown(found)}
    texts |= {f"board-{i + 1}.csv": csv_text(board) for i, board in enumerate(found)}
    for name, text in texts.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def page_html(results: Sequence[Result]) -> str:
    """The page alone; it needs no other file."""
    found = boards(results)
    plots = {i: plot for i, board in enumerate(found) if (plot := _plot(board)) is not None}
    return page(found, plots)


def _plot(board: Board) -> bytes | None:
    """Quality against bits, where some result of the board has several qualities."""
    bodies = [result.body for result in board.results]
    marks = [varying_options(result, board.results) for result in board.results]
    if board.reported or max(len(body["qualities"]) for body in bodies) < 2:
        return None
    with TemporaryDirectory(prefix="zoo-board-") as folder:
        path = Path(folder, "plot.png")
        try:
            draw_curve(bodies, None, path, marks)
        except ZooError:  # no matplotlib here, or nothing with a value
            return None
        return path.read_bytes()
