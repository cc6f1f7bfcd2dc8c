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

from ..errors import NotSupportedError
from ..media import Prepared
from .guard import Guard
from .sources import Entry, Source

AHEAD_BYTES = 512 << 20  # that prepared items ahead of the model hold, about


@dataclass(frozen=True)
class Failure:
    """Why an item has no tokens."""

    kind: str  # the error's class
    reason: str

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """What is kept of an error."""
        return cls(type(error).__name__, str(error) or repr(error))


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
        self._usual = 0.0  # bytes of a prepared item, the largest of late

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

    @property
    def _reach(self) -> int:
        """Items that may be under way: fewer where they are large, few until that is known."""
        least = 2 * self.workers
        most = int(AHEAD_BYTES / self._usual) if self._usual else least
        return min(self.ahead, max(self.workers, most))

    def _submitted(self, units: Any, pool: ThreadPoolExecutor) -> Iterator[Any]:
        for unit, entries in units:
            for entry in entries:
                yield unit, entry, pool.submit(self._one, entry)

    def _fill(self, queue: deque[Any], source: Iterator[Any]) -> None:
        while len(queue) < self._reach:
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
            if isinstance(result, Prepared):
                size = result.tensor.nbytes
                self._usual = max(size, 0.9 * self._usual + 0.1 * size)
            self._fill(queue, source)
            yield entry, result

    def _one(self, entry: Entry) -> Prepared | Failure:
        """Does not raise for one item's sake: a bad file must not cost its neighbours."""
        try:
            self.guard.check(entry)
            return self.prepare(self.source.read(entry), **self.options)
        except NotSupportedError:  # a missing package is no item's fault
            raise
        except Exception as error:  # a decoder's own bug is that item's failure too
            return Failure.of(error)


def usable_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
