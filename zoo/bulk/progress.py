"""How far a job is: a bar for people, lines of JSON for machines."""

import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

from tqdm import tqdm

from .journal import Record


@dataclass
class Progress:
    """Counts what this run adds to ``done`` of the ``total`` items that are its own."""

    total: int
    done: int = 0
    show: bool = True
    as_json: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)

    def __post_init__(self) -> None:
        self.added = self.errors = 0
        self.waited = self.busy = 0.0
        self.started = time.perf_counter()
        self.bar = tqdm(
            total=self.total,
            initial=self.done,
            desc="tokenize",
            unit="item",
            disable=not self.show or self.as_json,
            file=self.stream,
        )

    def add(self, record: Record) -> None:
        """One more unit."""
        items = record.rows + record.errors
        self.added += items
        self.errors += record.errors
        self.waited += record.waited
        self.busy += record.seconds
        self.bar.set_postfix_str(f"waiting {self.waiting:.0%}, {self.errors} errors", refresh=False)
        self.bar.update(items)
        if self.as_json:
            print(json.dumps(self.facts()), file=self.stream, flush=True)

    @property
    def waiting(self) -> float:
        """Share of the time in which the model stood still for data."""
        return self.waited / self.busy if self.busy else 0.0

    def facts(self) -> dict[str, Any]:
        """The counts as plain JSON."""
        seconds = time.perf_counter() - self.started
        rate = self.added / seconds if seconds else 0.0
        left = self.total - self.done - self.added
        return {
            "items": self.done + self.added,
            "of": self.total,
            "errors": self.errors,
            "items_per_second": round(rate, 2),
            "waiting_for_data": round(self.waiting, 4),
            "seconds_left": round(left / rate, 1) if rate else None,
        }

    def close(self) -> None:
        """End the bar."""
        self.bar.close()
