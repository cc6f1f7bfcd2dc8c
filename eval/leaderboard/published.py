"""Results that come with the package: those of the bundled checkpoints, and papers' figures.

``eval/published/measured`` holds what ``zoo eval`` wrote, ``eval/published/reported`` what others
say, a file per tokenizer and source.
"""

from pathlib import Path

from .load import Result, load_results

FOLDER = Path(__file__).parent.parent / "published"


def published(kind: str | None = None) -> list[Result]:
    """All of them, or those of a ``kind``, measured or reported."""
    results = load_results([FOLDER])
    return [result for result in results if kind in (None, result.body["kind"])]
