"""The Frechet distance of two sets of features, and what its size would be of infinitely many."""

import numpy as np
import torch
from torch import Tensor

SIZES = 10
SMALLEST = 4  # the smallest of the sizes is this part of all items


def frechet(one: Tensor, other: Tensor) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2) of features [item, dim], in float64.

    Covariances divide by n - 1. Without a matrix root: with fewer items than dimensions the trace
    is the sum of singular values of the items' cross products, else that of the square roots of
    the eigenvalues of C1^1/2 C2 C1^1/2. Both are exact where roots of a singular product are not.
    """
    one, other = one.double(), other.double()
    means = one.mean(0) - other.mean(0)
    one, other = one - one.mean(0), other - other.mean(0)
    degrees = (len(one) - 1, len(other) - 1)
    spreads = float(one.square().sum() / degrees[0] + other.square().sum() / degrees[1])
    return float(means.square().sum()) + spreads - 2 * _root_trace(one, other, degrees)


def _root_trace(one: Tensor, other: Tensor, degrees: tuple[int, int]) -> float:
    if min(len(one), len(other)) < one.shape[1]:
        products = torch.linalg.svdvals(one @ other.T)
        return float(products.sum()) / (degrees[0] * degrees[1]) ** 0.5
    first, second = (one.T @ one / degrees[0], other.T @ other / degrees[1])
    values, vectors = torch.linalg.eigh(first)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return float(torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum())


def frechet_infinity(one: Tensor, other: Tensor, seed: int = 0) -> float:
    """The distance extrapolated to infinitely many pairs (Chong and Forsyth 2020).

    E[distance of n] is about d + c / n: distances of random subsets, from a quarter of the pairs
    to all of them, evenly spaced in 1 / n, and a straight line through them. Item i of both sets
    is drawn together. Means something only where even the smallest subset has more items than
    there are dimensions.
    """
    count = len(one)
    sizes = np.round(1 / np.linspace(SMALLEST / count, 1 / count, SIZES)).astype(int)
    random = np.random.default_rng(seed)
    distances = []
    for size in sizes:
        chosen = torch.from_numpy(random.permutation(count)[:size])
        distances.append(frechet(one[chosen], other[chosen]))
    return float(np.polyfit(1 / sizes, distances, 1)[1])
