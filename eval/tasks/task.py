"""What a task is: the module ``task.py`` in a folder, with these names."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from zoo.cards import Card
from zoo.tokenizer import Tokenizer

from ..results.chunk import Chunk
from ..samples import Sample


class Plan(Protocol):
    """A task on one tokenizer with all its arguments."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """All that the figures depend on, as plain JSON; a run is resumed only if it agrees."""
        ...

    @property
    def skipped(self) -> Sequence[Mapping[str, str]]:
        """``{"metric": ..., "reason": ...}`` of what this machine cannot compute."""
        ...

    def chunk(self, samples: Sequence[Sample], first: int) -> Chunk:
        """Measure samples, the first of which is number ``first`` of the data set."""
        ...

    def figures(self, whole: Chunk) -> dict[str, Any]:
        """``qualities`` of the result, and what else the task reports, from all measurements."""
        ...


class Task(Protocol):
    """A task's module; its docstring's first line says what it measures."""

    VERSION: int
    """Raised by every change that can change a figure."""
    VERB: str | None
    """The one verb that it needs, encode or decode; None: both."""
    __doc__: str | None

    def add_arguments(self, parser: argparse._ArgumentGroup) -> None:
        """Declare what the task takes beyond model and data."""
        ...

    def check(self, card: Card, args: argparse.Namespace) -> None:
        """Refuse, with a ZooError, what cannot work before anything is loaded."""
        ...

    def plan(self, tok: Tokenizer, args: argparse.Namespace) -> Plan:
        """The task on a loaded tokenizer."""
        ...
