"""Results side by side: a page, tables and checks, all pure functions of the result files."""

from .cli import main

__all__ = ["main"]
