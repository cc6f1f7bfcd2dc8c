"""The delete-group jackknife: the error of a figure that is no mean.

Of paired Frechet distances the plain bootstrap is biased (drawing a pair twice makes the sets look
further apart), so the spread over groups left out takes its place.
"""

import math
from collections.abc import Sequence

import numpy as np

from .student import t_quantile

GROUPS = 10


def groups(count: int, seed: int = 0) -> np.ndarray:
    """A group from 0 to 9 for each of ``count`` items, as equal in size as can be, at random.

    At random: data sets are often sorted by class. Fewer items than groups make fewer groups.
    """
    number = min(GROUPS, count)
    return np.random.default_rng(seed).permutation(np.arange(count) % number)


def jackknife_error(left_out: Sequence[float]) -> float:
    """Standard error from the figure computed without each group in turn."""
    values = np.asarray(left_out, dtype=np.float64)
    number = values.size
    return math.sqrt((number - 1) / number * np.square(values - values.mean()).sum())


def jackknife_interval(value: float, left_out: Sequence[float]) -> tuple[float, float]:
    """95 %: the figure of all items, plus and minus Student's quantile times the error."""
    half = t_quantile(0.975, len(left_out) - 1) * jackknife_error(left_out)
    return value - half, value + half
