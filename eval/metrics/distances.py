"""Set distances as entries of a result: Frechet with its jackknife error, KID without pairs."""

from typing import Any

from torch import Tensor

from ..statistics.frechet import SMALLEST, frechet, frechet_infinity
from ..statistics.jackknife import groups, jackknife_interval
from ..statistics.kernel import paired_mmd

Entry = dict[str, Any]


def frechet_entry(reference: Tensor, decoded: Tensor) -> Entry:
    """Frechet distance of all pairs; None for fewer than three."""
    if len(reference) < 3:
        return _none(len(reference), "needs at least 3 samples")
    labels = groups(len(reference))
    left_out = [
        frechet(reference[labels != group], decoded[labels != group])
        for group in range(labels.max() + 1)
    ]
    return _entry(len(reference), frechet(reference, decoded), left_out)


def frechet_infinity_entry(reference: Tensor, decoded: Tensor) -> Entry:
    """The same extrapolated to infinitely many; None where the samples are too few for that."""
    count, dim = reference.shape
    if count // SMALLEST <= dim:
        return _none(count, f"needs more than {SMALLEST * (dim + 1)} samples of {dim} features")
    return _entry(count, frechet_infinity(reference, decoded), None)


def kernel_entry(reference: Tensor, decoded: Tensor) -> Entry:
    """KID of all pairs, matched ones left out of the cross term; None for fewer than three."""
    if len(reference) < 3:
        return _none(len(reference), "needs at least 3 samples")
    return _entry(len(reference), *paired_mmd(reference, decoded))


def _entry(count: int, value: float, left_out: list[float] | None) -> Entry:
    interval = None if left_out is None else list(jackknife_interval(value, left_out))
    return {
        "value": value,
        "higher_is_better": False,
        "unit": "",
        "n": count,
        "failed": 0,
        "ci95": interval,
        "ci_method": None if interval is None else "delete-group jackknife",
    }


def _none(count: int, reason: str) -> Entry:
    return {
        "value": None,
        "higher_is_better": False,
        "unit": "",
        "n": count,
        "failed": 0,
        "ci95": None,
        "ci_method": None,
        "reason": reason,
    }
