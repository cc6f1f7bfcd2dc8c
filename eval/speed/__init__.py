"""How fast a tokenizer is and what it needs: ``zoo bench``, and comparing two callables fairly."""

from .cli import main
from .sidebyside import SideBySide, Timing, interleave

__all__ = ["SideBySide", "Timing", "interleave", "main"]
