"""Shared-index quantiser over several scales: one id selects a semantic and a pixel vector.

Source: TokenFlow paper, section 3; upstream ``vq_model.py`` (ByteFlow-AI/TokenFlow 9812da0); the
residual over scales is VAR's, arXiv 2404.02905, without its extra convolutions.

Both parts of a vector are brought to unit length, of the codebook's rows too. The squared
distances of the two parts then add up to 4 - 2 (s.s' + p.p'), so the nearest row is the one with
the largest dot product over both parts together: one matrix product.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ROWS = {"cpu": 128}  # vectors compared at a time: 128 x 32768 similarities stay in the cache
MANY_ROWS = 2048


@dataclass(frozen=True)
class Step:
    """What quantising one scale gave; c is the width of a code, g the finest grid's side."""

    pooled: Tensor  # [b, c, s, s] what was left to say, at this scale
    normalized: Tensor  # [b, c, s, s] the same with both parts of unit length
    ids: Tensor  # [b, s*s] row by row
    codes: Tensor  # [b, c, s, s] the codebook's vectors
    grid: int

    @property
    def straight(self) -> Tensor:
        """The codes by value, the normalised vectors by gradient.

        Computed as z + (q - z) at inference too, as upstream does: so what encode subtracts
        differs from the codes themselves by rounding, about 1e-7.
        """
        return self.normalized + (self.codes - self.normalized).detach()

    @property
    def spread(self) -> Tensor:
        """``straight`` on the finest grid, [b, c, g, g]."""
        return spread(self.straight, self.grid)


def spread(codes: Tensor, side: int) -> Tensor:
    """[b, c, s, s] -> [b, c, side, side], bicubic; unchanged where the side is the same."""
    if codes.shape[-1] == side:
        return codes
    return F.interpolate(codes, (side, side), mode="bicubic")


class DualQuantizer(nn.Module):
    """Two codebooks of equally many rows under one index; in fp32 whatever the networks are in."""

    def __init__(self, size: int, semantic: int, pixel: int) -> None:
        super().__init__()
        self.semantic = nn.Parameter(torch.randn(size, semantic))
        self.pixel = nn.Parameter(torch.randn(size, pixel))

    @property
    def dims(self) -> list[int]:
        """Widths of the two parts."""
        return [self.semantic.shape[1], self.pixel.shape[1]]

    def table(self) -> Tensor:
        """All codes [ids, c], both parts of unit length."""
        return _joined([self.semantic, self.pixel])

    @torch.no_grad()
    def put(self, rows: Tensor) -> None:
        """Take rows [ids, c] for the two codebooks, in place."""
        for table, part in zip(
            (self.semantic, self.pixel), rows.split(self.dims, dim=1), strict=True
        ):
            table.copy_(part)

    def normalize(self, vectors: Tensor) -> Tensor:
        """Bring both parts of [b, c, ...] to unit length."""
        return _joined(vectors.split(self.dims, dim=1))

    def lookup(self, ids: Tensor) -> Tensor:
        """Codes [b, n, c] of ids [b, n]."""
        rows = [part[ids.flatten()] for part in (self.semantic, self.pixel)]
        return _joined(rows).unflatten(0, ids.shape)

    def steps(self, features: Tensor, scales: Sequence[int]) -> Iterator[Step]:
        """Quantise features [b, c, g, g] scale by scale; each takes what those before left.

        The side of the finest grid is that of ``features``, whether ``scales`` ends with it or not.
        """
        table, grid = self.table(), features.shape[-1]
        left = full_precision(features)
        for side in scales:
            pooled = left if side == grid else F.interpolate(left, (side, side), mode="area")
            z = self.normalize(pooled)
            ids = nearest(z.detach().flatten(2).transpose(1, 2), table.detach())
            codes = F.embedding(ids, table).transpose(1, 2).unflatten(2, (side, side))
            step = Step(pooled, z, ids, codes, grid)
            yield step
            if side != scales[-1]:
                left = left - step.spread.detach()

    def encode(self, features: Tensor, scales: Sequence[int]) -> Tensor:
        """Features [b, c, g, g] -> ids [b, n], the scales one after another."""
        return torch.cat([step.ids for step in self.steps(features, scales)], dim=1)

    def by_scale(self, ids: Tensor, scales: Sequence[int]) -> Iterator[Tensor]:
        """Ids [b, n] -> codes [b, c, s, s] of each scale that they reach."""
        start = 0
        for side in scales:
            if start == ids.shape[1]:
                return
            codes = self.lookup(ids[:, start : start + side * side])
            yield codes.transpose(1, 2).unflatten(2, (side, side))
            start += side * side

    def grid(self, ids: Tensor, scales: Sequence[int]) -> Tensor:
        """Ids [b, n] of the first scales -> their sum on the finest grid, [b, c, g, g]."""
        return torch.stack([spread(c, scales[-1]) for c in self.by_scale(ids, scales)]).sum(0)

    def next_scale(self, ids: Tensor, scales: Sequence[int], again: int | None = None) -> Tensor:
        """What a model that generates scale after scale reads: [b, rows, c].

        The rows stand at the places of the second scale's ids, the third's, and so on, up to the
        scale after the last that ``ids`` reach. Codes are added up from one scale's grid to the
        next one's, which is another sum than ``grid``'s. ``again`` is a scale, counted from 1, that
        is to be predicted anew: its rows hold its own codes as well.
        """
        codes = list(self.by_scale(ids, scales))
        total, found = codes[0], []
        for i, side in enumerate(scales[1 : len(codes) + 1], 1):
            total = spread(total, side)
            with_own = total + codes[i] if i < len(codes) else total
            found.append((with_own if again == i + 1 else total).flatten(2))
            total = with_own
        return torch.cat(found, dim=2).transpose(1, 2)


def full_precision(x: Tensor) -> Tensor:
    """fp32, or fp64 where it is that already."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Both parts, each of unit length along axis 1."""
    return torch.cat([F.normalize(full_precision(part), dim=1) for part in parts], dim=1)


@torch.no_grad()
def nearest(vectors: Tensor, table: Tensor) -> Tensor:
    """The row of ``table`` [ids, c] nearest to each of ``vectors`` [b, n, c], as int64 [b, n].

    All have parts of unit length. Equally near rows: the first.
    """
    rows = vectors.flatten(0, 1).split(ROWS.get(vectors.device.type, MANY_ROWS))
    with torch.autocast(vectors.device.type, enabled=False):
        found = [(part @ table.T).argmax(dim=1) for part in rows]
    return torch.cat(found).unflatten(0, vectors.shape[:2])
