"""Which samples train and which are judged: folds in which every sample is judged once."""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

Fit = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""(rows to train on, rows to judge, seed) -> predicted classes of the latter."""


def correctness(
    fit: Fit,
    classes: np.ndarray,
    clusters: Sequence[str] | None,
    *,
    folds: int,
    seeds: Sequence[int],
) -> np.ndarray:
    """[sample]: the share of seeds with which a sample was judged right, out of its fold.

    Folds hold the classes in equal shares; with ``clusters`` no cluster is on both sides.
    """
    right = np.zeros(len(classes))
    for seed in seeds:
        for train, judged in split(classes, clusters, folds, seed):
            right[judged] += fit(train, judged, seed) == classes[judged]
    return right / len(seeds)


def split(
    classes: np.ndarray, clusters: Sequence[str] | None, folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """``folds`` pairs of rows to train on and rows to judge."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if clusters is None else StratifiedGroupKFold
    splitter = kind(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a class with fewer members than folds is in some of them
        warnings.filterwarnings("ignore", message="The least populated class")
        return list(splitter.split(np.zeros(len(classes)), classes, clusters))
