"""Residual codebooks: the first id names the nearest vector, each next one what is left of it.

Source: residual vector quantisation as in Zeghidour et al. 2021 (SoundStream, arXiv 2107.03312);
TempMe has no codebook of its own.
"""

import torch
from torch import Tensor, nn


class ResidualCodebook(nn.Module):
    """Vectors [..., dim] <-> ids [..., slot]; always in fp32. The first k slots decode alone."""

    def __init__(self, slots: int, size: int, dim: int) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(slots, size, dim) / dim**0.5)

    def ids(self, vectors: Tensor, slots: int | None = None) -> Tensor:
        """Name each vector by int64 ids of the first ``slots`` tables; ties: the lower id."""
        with torch.autocast(vectors.device.type, enabled=False):
            left, found = vectors.float(), []
            for table in self.table[:slots].float():
                found.append(nearest(left, table))
                left = left - table[found[-1]]
        return torch.stack(found, dim=-1)

    def vectors(self, ids: Tensor) -> Tensor:
        """The sum of what ids [..., slot] name; -1 names nothing, and slots may be missing."""
        return self.terms(ids).sum(dim=-2)

    def terms(self, ids: Tensor) -> Tensor:
        """What each id names, [..., slot, dim]: zeros for -1."""
        slots = torch.arange(ids.shape[-1], device=ids.device)
        return self.table.float()[slots, ids.clamp(min=0)] * (ids >= 0)[..., None]


def nearest(vectors: Tensor, table: Tensor) -> Tensor:
    """Rows of ``table`` [id, dim] nearest to vectors [..., dim]: int64 [...]."""
    return (table.square().sum(1) - 2 * vectors @ table.T).argmin(dim=-1)
