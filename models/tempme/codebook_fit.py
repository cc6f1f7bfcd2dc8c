"""Codebooks by k-means: closed form but for a few rounds, every vector with its weight."""

import torch
from torch import Tensor

from .codebook import ResidualCodebook, nearest

ROUNDS = 12


@torch.no_grad()
def fit_codebook(
    book: ResidualCodebook,
    vectors: Tensor,
    weights: Tensor,
    random: torch.Generator,
    rounds: int = ROUNDS,
) -> None:
    """Fit every slot of ``book`` in turn to what the slots before leave of ``vectors``.

    Args:
        book: changed in place.
        vectors: [n, dim], at least one.
        weights: [n], how much each counts: the patches that a merged token stands for.
        random: for the first centres.
        rounds: of Lloyd's algorithm.
    """
    left = vectors.float().clone()
    for slot in range(len(book.table)):
        table = kmeans(left, weights.float(), book.table.shape[1], random, rounds)
        book.table[slot] = table
        left -= table[nearest(left, table)]


def kmeans(
    vectors: Tensor, weights: Tensor, count: int, random: torch.Generator, rounds: int = ROUNDS
) -> Tensor:
    """``count`` weighted centres [count, dim] of ``vectors`` [n, dim].

    Centres start as vectors drawn by weight; one that no vector is nearest to moves to one of the
    vectors that are worst served. With fewer vectors than centres, the rest repeat.
    """
    drawn = torch.multinomial(weights, count, replacement=len(vectors) < count, generator=random)
    table = vectors[drawn].clone()
    for _ in range(rounds):
        owner = nearest(vectors, table)
        mass = torch.zeros(count).index_add_(0, owner, weights)
        total = torch.zeros_like(table).index_add_(0, owner, vectors * weights[:, None])
        table = torch.where((mass == 0)[:, None], table, total / mass.clamp(min=1e-12)[:, None])
        idle = (mass == 0).nonzero()[: len(vectors), 0]
        if len(idle):
            error = (vectors - table[owner]).square().sum(1) * weights
            table[idle] = vectors[error.topk(len(idle)).indices]
    return table
