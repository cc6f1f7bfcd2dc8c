"""Maximum mean discrepancy of paired sets: the unbiased form with matched pairs left out."""

import numpy as np
import torch
from torch import Tensor

from .jackknife import groups

BLOCK = 2048


def polynomial(one: Tensor, other: Tensor) -> Tensor:
    """KID's kernel (x y / dim + 1)^3 (Binkowski et al. 2018): [n, m]."""
    return (one @ other.T / one.shape[1] + 1) ** 3


def paired_mmd(one: Tensor, other: Tensor) -> tuple[float, list[float]]:
    """Squared MMD of features [item, dim] of paired items, and the same without each group.

    The usual estimate takes the sets for independent. Item i here is a reconstruction of item i
    there: counting that pair in the cross term makes the distance of n items too small by about
    2 (k(x_i, y_i) - k(x_i, y_j)) / n. All three terms are means over i != j instead.
    """
    labels = groups(len(one))
    number = int(labels.max()) + 1
    sums = np.zeros((3, number, number))  # [within one, within other, across; group of i; of j]
    indicator = torch.nn.functional.one_hot(torch.from_numpy(labels)).double()  # [item, group]
    one, other = one.double(), other.double()
    for start in range(0, len(one), BLOCK):
        rows = slice(start, start + BLOCK)
        for term, (left, right) in enumerate(((one, one), (other, other), (one, other))):
            kernel = polynomial(left[rows], right)
            index = torch.arange(len(kernel))
            kernel[index, start + index] = 0
            sums[term] += (indicator[rows].T @ kernel @ indicator).numpy()
    sizes = np.bincount(labels)
    everything = np.ones(number, dtype=bool)
    without = [np.arange(number) != left_out for left_out in range(number)]
    value, *left_out = (_estimate(sums, sizes, kept) for kept in (everything, *without))
    return value, left_out


def _estimate(sums: np.ndarray, sizes: np.ndarray, kept: np.ndarray) -> float:
    count = sizes[kept].sum()
    within_one, within_other, across = sums[:, kept][:, :, kept].sum((1, 2)) / (count * (count - 1))
    return float(within_one + within_other - 2 * across)
