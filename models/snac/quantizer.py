"""Residual quantisation whose levels look at the latents at different rates."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Level(nn.Module):
    """One codebook: latents averaged over ``stride`` frames, projected, nearest by direction."""

    def __init__(self, width: int, stride: int, size: int, dim: int) -> None:
        super().__init__()
        self.stride = stride
        self.in_proj = nn.Conv1d(width, dim, 1)
        self.out_proj = nn.Conv1d(dim, width, 1)
        self.codebook = nn.Embedding(size, dim)

    def ids(self, latents: Tensor) -> Tensor:
        """[item, width, frame] -> int64 [item, frame / stride]."""
        pooled = F.avg_pool1d(latents, self.stride) if self.stride > 1 else latents
        vectors = self.in_proj(pooled).transpose(1, 2).float()
        rows = F.normalize(self.codebook.weight.float(), dim=-1)
        return (F.normalize(vectors, dim=-1) @ rows.T).argmax(-1)

    def vectors(self, ids: Tensor) -> Tensor:
        """int64 [item, n], -1 for none -> latents [item, width, n * stride], 0 where none."""
        rows = self.codebook(ids.clamp(min=0)).transpose(1, 2)
        there = (ids >= 0)[:, None]
        return (self.out_proj(rows) * there).repeat_interleave(self.stride, dim=-1)


class MultiScaleQuantizer(nn.Module):
    """Levels coarse to fine, each on what the ones before left over."""

    def __init__(self, levels: Sequence[Level]) -> None:
        super().__init__()
        self.quantizers = nn.ModuleList(levels)

    @property
    def levels(self) -> list[Level]:
        """The levels, coarse to fine."""
        return [level for level in self.quantizers if isinstance(level, Level)]

    def ids(self, latents: Tensor, count: int | None = None) -> list[Tensor]:
        """Ids [item, frame / stride] of the first ``count`` levels."""
        found = []
        for level in self.levels[:count]:
            found.append(level.ids(latents))
            latents = latents - level.vectors(found[-1])
        return found

    def vectors(self, ids: Sequence[Tensor]) -> Tensor:
        """Latents [item, width, frame] of the first levels; what is missing adds nothing."""
        parts = [level.vectors(one) for level, one in zip(self.levels, ids, strict=False)]
        return torch.stack(parts).sum(0)
