"""Retrieval between two modalities: where the right answer stands among all, ties included."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

CUTS = (1, 5, 10, 50)


class Retrieval(NamedTuple):
    """Figures of one direction, recalls in percent; ranks count from 1."""

    recall: dict[int, float]
    """R@K."""
    median_rank: float
    mean_rank: float
    recall_sum: float
    """R@1 + R@5 + R@10."""
    queries: int


def retrieval(scores: Tensor, right: Tensor | None = None) -> Retrieval:
    """Judge ``scores`` [query, candidate], larger is nearer.

    ``right`` [query] is the candidate that each query stands for; by default query i stands for
    candidate i.

    Candidates that score as the right one does are put in a random order in thought: the rank is
    its expectation, and R@K the probability that the right one is among the first K. So equal
    scores, which half precision and repeated videos bring, neither help nor count twice, and a
    model that scores everything alike gets what guessing gets.

    Raises:
        ValueError: for scores that are no matrix, not finite, or do not fit ``right``.
    """
    if scores.ndim != 2 or 0 in scores.shape or not bool(scores.isfinite().all()):
        raise ValueError(f"scores {list(scores.shape)}: expected a matrix of finite numbers")
    if right is None:
        if scores.shape[0] > scores.shape[1]:
            raise ValueError(f"scores {list(scores.shape)}: which candidate is right? pass right=")
        right = torch.arange(len(scores))
    if right.shape != (len(scores),):
        raise ValueError(
            f"right {list(right.shape)}: expected one of each of {len(scores)} queries"
        )
    own = scores.gather(1, right.to(scores.device)[:, None])
    above = (scores > own).sum(1).cpu().numpy()
    ties = (scores == own).sum(1).cpu().numpy()  # with itself
    ranks = above + (ties + 1) / 2
    recall = {k: float(np.clip((k - above) / ties, 0, 1).mean() * 100) for k in CUTS}
    return Retrieval(
        recall,
        float(np.median(ranks)),
        float(ranks.mean()),
        recall[1] + recall[5] + recall[10],
        len(ranks),
    )
