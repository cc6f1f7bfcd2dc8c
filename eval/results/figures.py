"""A metric over all samples, as it stands in a result."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ..metrics.base import Column, SampleMetric
from ..statistics.mean import mean


def sample_figures(
    metric: SampleMetric,
    values: Mapping[str, Sequence[float | None]],
    clusters: Sequence[Hashable] | None = None,
) -> dict[str, dict[str, Any]]:
    """An entry per column of ``metric``; None among the values marks a sample without one."""
    return {
        name: figure(column, values[name], clusters)
        | {
            "settings": metric.settings,
            "implementation": metric.implementation,
            "weights": metric.weights,
        }
        for name, column in metric.columns.items()
    }


def figure(
    column: Column,
    values: Sequence[float | None],
    clusters: Sequence[Hashable] | None = None,
) -> dict[str, Any]:
    """The mean of the finite values with its interval, and how many had none or an infinite one.

    ``failed`` samples have no value, ``infinite`` ones (PSNR without any error) no finite value;
    neither is in the mean, and nothing stands in for them.
    """
    numbers = [(i, value) for i, value in enumerate(values) if value is not None]
    finite = [(i, value) for i, value in numbers if math.isfinite(value)]
    entry: dict[str, Any] = {
        "value": None,
        "higher_is_better": column.higher_is_better,
        "unit": column.unit,
        "n": len(finite),
        "failed": len(values) - len(numbers),
        "infinite": len(numbers) - len(finite),
        "std": None,
        "ci95": None,
        "ci_method": None,
    }
    if finite:
        groups = None if clusters is None else [clusters[i] for i, _ in finite]
        found = mean([value for _, value in finite], groups)
        interval = None if found.low is None else [found.low, found.high]
        entry |= {"value": found.value, "std": found.std, "ci95": interval}
        entry["ci_method"] = found.method if interval else None
    return entry
