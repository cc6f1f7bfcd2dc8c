"""Comparing callables in one process: taking turns, so that a busy machine hits all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Now = Callable[[], tuple[float, float]]


def cpu_and_wall() -> tuple[float, float]:
    """Seconds of processor time that this process used (all threads), and seconds on the clock."""
    return time.process_time(), time.perf_counter()


@dataclass(frozen=True)
class Timing:
    """Seconds of each measured call, in the order of the rounds."""

    cpu: tuple[float, ...]
    wall: tuple[float, ...]

    def seconds(self, clock: str = "cpu") -> tuple[float, ...]:
        """All calls by one of the two clocks, ``cpu`` or ``wall``."""
        return {"cpu": self.cpu, "wall": self.wall}[clock]

    def best(self, clock: str = "cpu") -> float:
        """The fastest call: what the work costs where nothing disturbs it."""
        return min(self.seconds(clock))

    def median(self, clock: str = "cpu") -> float:
        """The middle call."""
        return statistics.median(self.seconds(clock))


@dataclass(frozen=True)
class SideBySide:
    """Timings of callables that took turns."""

    timings: Mapping[str, Timing]

    def __getitem__(self, name: str) -> Timing:
        return self.timings[name]

    def ratio(self, one: str, other: str, clock: str = "cpu") -> float:
        """Cost of ``one`` in units of ``other``, by the fastest call of each."""
        return _quotient(self[one].best(clock), self[other].best(clock))

    def median_ratio(self, one: str, other: str, clock: str = "cpu") -> float:
        """The same as the median over rounds: calls of one round ran under like conditions."""
        rounds = zip(self[one].seconds(clock), self[other].seconds(clock), strict=True)
        return statistics.median(_quotient(a, b) for a, b in rounds)


def interleave(
    callables: Mapping[str, Callable[[], object]],
    repeat: int = 3,
    *,
    warmup: int = 1,
    settle: Callable[[], object] | None = None,
    now: Now = cpu_and_wall,
) -> SideBySide:
    """Call each callable once per round, ``repeat`` rounds; every other round runs backwards.

    >>> done = interleave({"ours": ours, "theirs": theirs}, repeat=5)
    >>> done.ratio("ours", "theirs")

    Args:
        callables: what to time, by name; none takes arguments, results are dropped.
        repeat: measured rounds, at least 1.
        warmup: rounds before them that are not measured.
        settle: called before either end of a measurement; waits for a device that works on its
            own, such as ``torch.cuda.synchronize``.
        now: the clocks, for tests.

    Raises:
        ValueError: for no callables or no rounds.
    """
    if not callables or repeat < 1:
        raise ValueError(
            f"{len(callables)} callables, repeat={repeat}: expected at least 1 of each"
        )
    rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in callables}
    for turn in range(-warmup, repeat):
        names = list(callables)[:: 1 if turn % 2 == 0 else -1]
        for name in names:
            spent = _spent(callables[name], settle, now)
            if turn >= 0:
                rounds[name].append(spent)
    return SideBySide(
        {
            name: Timing(tuple(cpu for cpu, _ in spent), tuple(wall for _, wall in spent))
            for name, spent in rounds.items()
        }
    )


def _spent(
    call: Callable[[], object], settle: Callable[[], object] | None, now: Now
) -> tuple[float, float]:
    if settle is not None:
        settle()
    cpu, wall = now()
    call()
    if settle is not None:
        settle()
    end_cpu, end_wall = now()
    return end_cpu - cpu, end_wall - wall


def _quotient(one: float, other: float) -> float:
    """one / other; processor time below the clock's resolution counts as zero, so no division."""
    return one / other if other else float("inf") if one else 1.0
