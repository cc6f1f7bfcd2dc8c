"""Which frames of a video a model looks at."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from ..errors import MediaError

_CLOCK = 1e-3


def spread(count: int, rate: float | None, fps: float, frames: int) -> list[int]:
    """Numbers of ``frames`` frames over a video of ``count`` frames at ``rate`` per second.

    One frame every ``round(rate / fps)``, from the first on; of more than ``frames`` as many are
    picked evenly, and where there are fewer the whole video is sampled evenly, with repeats if
    need be; both by numpy's linspace, truncated. A video of exactly ``frames`` frames is taken as
    it is. Source: TempMe, dataloader_retrieval.py, _get_rawvideo_dec.
    """
    if count == frames:
        return list(range(count))
    if rate is None:
        raise MediaError(
            f"{count} frames without a frame rate; pass (frames, fps), or exactly {frames} frames"
        )
    steady = range(0, count, max(1, round(rate / fps)))
    if len(steady) > frames:
        return [steady[int(place)] for place in np.linspace(0, len(steady) - 1, frames)]
    if len(steady) == frames:
        return list(steady)
    return [int(place) for place in np.linspace(0, count - 1, frames)]


def dense(
    times: Sequence[float], rate: float | None, fps: float
) -> tuple[list[int], tuple[float, ...]]:
    """The frames on screen at every 1/``fps`` seconds, and those seconds.

    A video lasts until its last frame has been shown as long as the average one (``rate``).
    """
    last = 1 / rate if rate else 0.0
    count = max(1, round((times[-1] + last) * fps))
    seconds = tuple(number / fps for number in range(count))
    # Containers round times to their clock, often to a millisecond: what is due by then is there.
    slack = min(0.1 / fps, _CLOCK)
    return [max(0, bisect_right(times, second + slack) - 1) for second in seconds], seconds
