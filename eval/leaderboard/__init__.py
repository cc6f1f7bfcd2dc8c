"""Results side by side: a page, tables and checks, all pure functions of the result files."""

from .build import page_html
from .cli import main
from .load import Result, load_results
from .published import published
from .rows import Board, boards
from .tables import markdown, row_text

__all__ = [
    "Board",
    "Result",
    "boards",
    "load_results",
    "main",
    "markdown",
    "page_html",
    "published",
    "row_text",
]
