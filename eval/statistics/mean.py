"""A mean with its error, over samples or over clusters of samples."""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from .student import t_quantile


class Mean(NamedTuple):
    """A mean and its 95 % interval; the interval is None for a single sample or cluster."""

    value: float
    std: float
    """Of the samples, n - 1 in the denominator; 0 for one."""
    low: float | None
    high: float | None
    method: str


def mean(values: Sequence[float], clusters: Sequence[Hashable] | None = None) -> Mean:
    """The mean of finite values, with Student's interval.

    ``clusters`` names the cluster of each value, such as its speaker: values of one cluster may
    depend on each other, and the error comes from the spread between clusters (the
    cluster-robust variance of a mean with its G / (G - 1) correction).
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("a mean of no values")
    centre = float(array.mean())
    std = float(array.std(ddof=1)) if array.size > 1 else 0.0
    if clusters is None:
        groups, error, method = array.size, std / math.sqrt(array.size), "student-t"
    else:
        _, index = np.unique([repr(name) for name in clusters], return_inverse=True)
        totals = np.bincount(index, weights=array - centre)
        groups, method = totals.size, "student-t over clusters"
        wide = groups / (groups - 1) if groups > 1 else 0.0
        error = math.sqrt(wide * float(np.square(totals).sum())) / array.size
    if groups < 2:
        return Mean(centre, std, None, None, method)
    half = t_quantile(0.975, groups - 1) * error
    return Mean(centre, std, centre - half, centre + half, method)
