"""Retrieval figures in closed form, by simulation of ties, and against a plain sort."""

import numpy as np
import pytest
import torch

from zoo.eval.metrics.retrieval import retrieval


def test_figures_without_ties_are_those_of_sorting() -> None:
    scores = torch.randn(60, 60, generator=torch.Generator().manual_seed(0))
    scores += 2 * torch.eye(60)
    order = scores.argsort(1, descending=True)
    ranks = (order == torch.arange(60)[:, None]).nonzero()[:, 1] + 1
    found = retrieval(scores)
    for k in (1, 5, 10, 50):
        assert found.recall[k] == pytest.approx(float((ranks <= k).double().mean()) * 100)
    assert found.median_rank == np.median(ranks.numpy())
    assert found.mean_rank == pytest.approx(float(ranks.double().mean()))
    assert found.recall_sum == pytest.approx(found.recall[1] + found.recall[5] + found.recall[10])


def test_equal_scores_get_what_guessing_gets() -> None:
    found = retrieval(torch.zeros(100, 100))
    assert found.recall == pytest.approx({1: 1, 5: 5, 10: 10, 50: 50})
    assert found.mean_rank == found.median_rank == 50.5


def test_ties_are_their_mean_over_random_orders() -> None:
    random = torch.Generator().manual_seed(1)
    scores = torch.randint(0, 4, (30, 30), generator=random).double()
    runs = [retrieval(scores + 1e-6 * torch.rand(30, 30, generator=random)) for _ in range(300)]
    found = retrieval(scores)
    assert np.mean([run.mean_rank for run in runs]) == pytest.approx(found.mean_rank, rel=0.01)
    for k in (1, 5, 10):
        assert np.mean([run.recall[k] for run in runs]) == pytest.approx(found.recall[k], abs=1)


def test_several_queries_of_one_candidate_and_bad_input() -> None:
    scores = torch.tensor([[3.0, 1.0], [2.0, 5.0], [4.0, 0.0]])
    assert retrieval(scores, torch.tensor([0, 1, 1])).recall[1] == pytest.approx(200 / 3)
    for wrong in (scores, torch.zeros(0, 2), torch.full((2, 2), torch.nan), torch.zeros(3)):
        with pytest.raises(ValueError, match="scores"):
            retrieval(wrong)
    with pytest.raises(ValueError, match="right"):
        retrieval(scores, torch.tensor([0, 1]))
