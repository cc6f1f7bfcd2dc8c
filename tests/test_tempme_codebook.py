"""Residual codebooks and the weighted k-means that fits them."""

import pytest
import torch

from zoo.models.tempme.codebook import ResidualCodebook, nearest
from zoo.models.tempme.codebook_fit import fit_codebook, kmeans


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def error(book: ResidualCodebook, vectors: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    rest = (book.vectors(book.ids(vectors)) - vectors).square().sum(1).detach()
    return (rest * weights).sum() / weights.sum()


def test_ids_name_the_nearest_vector_and_then_what_is_left() -> None:
    book = ResidualCodebook(3, 7, 5)
    vectors = drawn(4, 6, 5)
    ids = book.ids(vectors)
    assert ids.shape == (4, 6, 3)
    left = vectors
    for slot in range(3):
        distances = torch.cdist(left.flatten(0, 1), book.table[slot])
        assert torch.equal(distances.argmin(1).view(4, 6), ids[..., slot])
        left = left - book.table[slot][ids[..., slot]]
    assert torch.allclose(vectors - left, book.vectors(ids), atol=1e-6)


def test_the_first_slots_stand_alone() -> None:
    book, vectors = ResidualCodebook(4, 8, 3), drawn(10, 3)
    ids = book.ids(vectors)
    assert torch.equal(book.ids(vectors, 2), ids[:, :2])
    cut = ids.clone()
    cut[:, 2:] = -1
    assert torch.equal(book.vectors(cut), book.vectors(ids[:, :2]))
    assert not book.vectors(torch.full((2, 4), -1)).any()


def test_centres_are_weighted_means() -> None:
    vectors, weights = drawn(50, 4), torch.rand(50, generator=torch.Generator().manual_seed(1))
    centre = kmeans(vectors, weights, 1, torch.Generator().manual_seed(0))[0]
    assert torch.allclose(centre, (vectors * weights[:, None]).sum(0) / weights.sum(), atol=1e-5)


def test_heavy_vectors_are_served_better() -> None:
    vectors = torch.cat([drawn(200, 2) + 5, drawn(200, 2, seed=1) - 5])
    weights = torch.cat([torch.full((200,), 50.0), torch.ones(200)])
    random = torch.Generator().manual_seed(0)
    heavy, even = ResidualCodebook(1, 8, 2), ResidualCodebook(1, 8, 2)
    fit_codebook(heavy, vectors, weights, random)
    fit_codebook(even, vectors, torch.ones(400), random)
    assert error(heavy, vectors, weights) < 0.9 * error(even, vectors, weights)


def test_every_slot_lowers_the_error() -> None:
    vectors, weights = drawn(500, 6), torch.ones(500)
    book = ResidualCodebook(4, 16, 6)
    fit_codebook(book, vectors, weights, torch.Generator().manual_seed(0))
    ids = book.ids(vectors)
    errors = [(book.vectors(ids[:, :k]) - vectors).square().mean().item() for k in range(1, 5)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_fitting_is_repeatable_and_survives_few_vectors() -> None:
    vectors, weights = drawn(5, 3), torch.ones(5)
    books = [ResidualCodebook(2, 9, 3) for _ in range(2)]
    for book in books:
        fit_codebook(book, vectors, weights, torch.Generator().manual_seed(3))
        assert bool(torch.isfinite(book.table).all())
    assert torch.equal(books[0].table, books[1].table)
    assert float(error(books[0], vectors, weights)) == pytest.approx(0, abs=1e-6)


def test_ties_go_to_the_lower_id() -> None:
    table = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert nearest(torch.tensor([[0.9, 0.1]]), table).tolist() == [0]
