"""Reading and preparing in threads, a bounded number of items ahead of the model.

Threads, not processes: decoders and resizers release the interpreter's lock, nothing is copied
between processes, and there is no start-up.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..errors import MediaError
from ..media import Prepared
from .guard import Guard
from .sources import Entry, Source


@dataclass(frozen=True)
class Failure:
    """Why an item has no tokens."""

    kind: str  # the error's class
    reason: str


Item = tuple[Entry, Prepared | Failure]


class Feed:
    """Prepared items of many units, in order; ``waited`` is how long the model stood still."""

    def __init__(
        self,
        source: Source,
        guard: Guard,
        prepare: Callable[..., Prepared],
        options: Mapping[str, Any],
        *,
        workers: int | None = None,
        ahead: int = 64,
    ) -> None:
        self.source = source
        self.guard = guard
        self.prepare = prepare
        self.options = options
        self.workers = workers or usable_cores()
        self.ahead = max(ahead, 2 * self.workers)
        self.waited = 0.0

    def run(
        self, units: Iterable[tuple[int, Iterable[Entry]]]
    ) -> Iterator[tuple[int, Iterator[Item]]]:
        """(unit, its items), unit after unit; reading goes on across their borders."""
        with ThreadPoolExecutor(self.workers, "zoo-feed") as pool:
            queue: deque[tuple[int, Entry, Future[Prepared | Failure]]] = deque()
            source = self._submitted(units, pool)
            try:
                self._fill(queue, source)
                while queue:
                    unit = queue[0][0]
                    yield unit, self._items(unit, queue, source)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _submitted(self, units: Any, pool: ThreadPoolExecutor) -> Iterator[Any]:
        for unit, entries in units:
            for entry in entries:
                yield unit, entry, pool.submit(self._one, entry)

    def _fill(self, queue: deque[Any], source: Iterator[Any]) -> None:
        while len(queue) < self.ahead:
            given = next(source, None)
            if given is None:
                return
            queue.append(given)

    def _items(self, unit: int, queue: deque[Any], source: Iterator[Any]) -> Iterator[Item]:
        while queue and queue[0][0] == unit:
            _, entry, future = queue.popleft()
            started = time.perf_counter()
            result = future.result()
            self.waited += time.perf_counter() - started
            self._fill(queue, source)
            yield entry, result

    def _one(self, entry: Entry) -> Prepared | Failure:
        """Never raises for one item's sake: a bad file must not cost its neighbours."""
        try:
            self.guard.check(entry.path)
            return self.prepare(self.source.read(entry), **self.options)
        except MediaError as error:
            return Failure("MediaError", str(error))
        except Exception as error:  # a decoder's own bug is that item's failure too
            return Failure(type(error).__name__, str(error) or repr(error))


def usable_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
