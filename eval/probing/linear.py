"""Linear probes: on dense features, and on how often each id occurs."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .folds import Fit

STRENGTH = 1.0  # sklearn's C
ITERATIONS = 300


def linear_fit(features: np.ndarray, classes: np.ndarray) -> Fit:
    """Multinomial logistic regression on standardised features [sample, dim]."""
    from sklearn.preprocessing import StandardScaler

    def fit(train: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
        scaler = StandardScaler().fit(features[train])
        known, new = (np.asarray(scaler.transform(features[rows])) for rows in (train, judged))
        return _logistic(known, classes[train], new)

    return fit


def bag_fit(bags: Sequence[np.ndarray], size: int, classes: np.ndarray) -> Fit:
    """The same on bags of ids: occurrences weighted as words of texts are (tf-idf, unit length).

    ``bags`` holds the ids of each sample, from 0 to ``size``. With more ids than samples the
    regression runs on the coordinates that the training bags span, which gives the same
    classifier: its penalty does not see rotations.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfTransformer

    ends = np.cumsum([0, *map(len, bags)])
    counts = csr_matrix((np.ones(ends[-1]), np.concatenate(bags), ends), shape=(len(bags), size))
    counts.sum_duplicates()

    def fit(train: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
        weigh = TfidfTransformer(sublinear_tf=True).fit(counts[train])
        known: Any = weigh.transform(counts[train])  # sparse; sklearn's types say much more
        new: Any = weigh.transform(counts[judged])
        values, vectors = np.linalg.eigh((known @ known.T).toarray())
        kept = values > 1e-9 * values[-1]
        basis = vectors[:, kept] / np.sqrt(values[kept])
        # tf-idf rows have length 1, standardised ones about the root of their dimension
        scale = np.sqrt(len(train))
        return _logistic(
            scale * (known @ known.T @ basis), classes[train], scale * (new @ known.T @ basis)
        )

    return fit


def majority_fit(classes: np.ndarray) -> Fit:
    """The most frequent class of the training rows, whatever the sample."""

    def fit(train: np.ndarray, judged: np.ndarray, seed: int) -> np.ndarray:
        return np.full(len(judged), np.bincount(classes[train]).argmax())

    return fit


def _logistic(known: np.ndarray, classes: np.ndarray, new: np.ndarray) -> np.ndarray:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, tol=1e-3)
        return model.fit(known, classes).predict(new)
