"""When the frames of a video are shown."""

from collections.abc import Iterable, Sequence

from torch import Tensor

from ..errors import MediaError

Times = tuple[float, ...]


def mean_rate(times: Sequence[float]) -> float | None:
    """Frames per second between the first and the last, or None where that says nothing."""
    if len(times) < 2 or times[-1] <= times[0]:
        return None
    return (len(times) - 1) / (times[-1] - times[0])


def regular_times(count: int, fps: float) -> Times:
    """The times of ``count`` frames at a constant rate."""
    return tuple(index / fps for index in range(count))


def continued(times: Times | None, count: int, fps: float | None) -> Times | None:
    """``times`` of ``count`` frames, those that are missing at the pace of the others.

    Without any times, those of ``fps`` frames per second; None where that is unknown too.
    """
    if not times:
        return None if fps is None else regular_times(count, fps)
    rate = mean_rate(times) or fps or 1.0
    more = (times[-1] + n / rate for n in range(1, count - len(times) + 1))
    return (*times[:count], *more)


def video_timing(
    items: Sequence[Tensor],
    fps: float | Sequence[float | None] | None,
    times: Iterable[Iterable[float] | None] | None,
) -> tuple[tuple[float | None, ...], tuple[Times | None, ...]]:
    """Rate and times of each video [frames, 3, height, width], one from the other where it can be.

    Raises:
        MediaError: for a rate that is not above 0, times that fall, or another number of them.
    """
    rates = list(fps) if isinstance(fps, Sequence) else [fps] * len(items)
    given = [None] * len(items) if times is None else [None if t is None else [*t] for t in times]
    if len(rates) != len(items) or len(given) != len(items):
        raise MediaError(f"{len(rates)} rates and {len(given)} lists of times, {len(items)} videos")
    found_rates: list[float | None] = []
    found_times: list[Times | None] = []
    for item, rate, seconds in zip(items, rates, given, strict=True):
        if rate is not None and not rate > 0:
            raise MediaError(f"fps={rate!r}: expected frames per second, above 0")
        if seconds is None:
            seconds = None if rate is None else regular_times(len(item), rate)
        elif len(seconds) != len(item):
            raise MediaError(f"{len(seconds)} frame times for {len(item)} frames")
        elif any(after < before for before, after in zip(seconds, seconds[1:], strict=False)):
            raise MediaError("frame times fall; expected seconds in the order of the frames")
        found_times.append(None if seconds is None else tuple(map(float, seconds)))
        rate = mean_rate(seconds) if rate is None and seconds is not None else rate
        found_rates.append(None if rate is None else float(rate))
    return tuple(found_rates), tuple(found_times)
