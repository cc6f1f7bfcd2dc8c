"""Residual vector quantisation; latents are [item, width, frame].

Own code, and not vector-quantize-pytorch: that one compares clamped square roots of distances,
which break ties in another way than the codecs do, and its state dicts hold training state. A
table is a table, though: a level trained there loads here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .few_rows import times
from .streaming import nothing

Search = Callable[[Tensor], Tensor]
"""Latents [item, width, frame] -> int64 [item, n] of the nearest codewords."""


class Level(nn.Module, ABC):
    """One codebook."""

    codebook: nn.Embedding

    @abstractmethod
    def search(self) -> Search:
        """A search in the codebook as it is now: what depends on it alone is computed once."""

    def ids(self, latents: Tensor) -> Tensor:
        """[item, width, frame] -> int64 [item, n] of the nearest codewords."""
        return self.search()(latents)

    @abstractmethod
    def words(self, ids: Tensor) -> Tensor:
        """int64 [item, n], none of them missing -> [item, width, frame]."""

    def vectors(self, ids: Tensor) -> Tensor:
        """int64 [item, n], -1 for none -> [item, width, frame], 0 where none."""
        there = ids >= 0
        if bool(there.all()):
            return self.words(ids)
        words = self.words(ids.clamp(min=0))
        return words * there.repeat_interleave(words.shape[-1] // ids.shape[-1], dim=1)[:, None]


class EuclideanLevel(Level):
    """Codewords in the latents' own space, the nearest by distance.

    Source: Défossez et al. 2022, encodec/quantization/core_vq.py.
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.codebook = nn.Embedding(size, width)

    def search(self) -> Search:
        """Compares in fp32, whatever the weights' dtype."""
        search = nearest([self.codebook.weight])
        return lambda latents: search(latents)[0]

    def words(self, ids: Tensor) -> Tensor:
        """[item, n] -> [item, width, n]."""
        return F.embedding(ids, self.codebook.weight).transpose(1, 2)


class Pointwise(nn.Conv1d):
    """The same linear layer at every frame, of which a piece of a sound may have none."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 1)

    def forward(self, input: Tensor) -> Tensor:
        """[item, inputs, frame] -> [item, outputs, frame]."""
        return super().forward(input) if input.shape[-1] else nothing(input, self.out_channels)


class FactorisedLevel(Level):
    """Codewords of few dimensions behind a projection, the nearest by direction.

    What decodes is the codeword at its own length. Source: Kumar et al. 2023, arXiv 2306.06546,
    dac/nn/quantize.py.
    """

    def __init__(self, width: int, size: int, dim: int) -> None:
        super().__init__()
        self.in_proj = Pointwise(width, dim)
        self.out_proj = Pointwise(dim, width)
        self.codebook = nn.Embedding(size, dim)

    def search(self) -> Search:
        """Compares in fp32, whatever the weights' dtype."""
        rows = F.normalize(self.codebook.weight.float(), dim=-1)

        def ids(latents: Tensor) -> Tensor:
            vectors = self.in_proj(latents).transpose(1, 2).float()
            return (F.normalize(vectors, dim=-1) @ rows.T).argmax(-1)

        return ids

    def words(self, ids: Tensor) -> Tensor:
        """[item, n] -> [item, width, n]."""
        return self.out_proj(F.embedding(ids, self.codebook.weight).transpose(1, 2))


class ResidualQuantizer(nn.Module):
    """Levels coarse to fine, each on what the ones before left over."""

    def __init__(self, levels: Sequence[Level]) -> None:
        super().__init__()
        self.quantizers = nn.ModuleList(levels)

    @property
    def levels(self) -> list[Level]:
        """The levels, coarse to fine."""
        return [level for level in self.quantizers if isinstance(level, Level)]

    def ids(self, latents: Tensor, count: int | None = None) -> list[Tensor]:
        """Ids [item, n] of the first ``count`` levels."""
        return self.search(count)(latents)

    def search(self, count: int | None = None) -> Callable[[Tensor], list[Tensor]]:
        """The same for many latents, with the codebooks as they are now."""
        levels = self.levels[:count]
        if all(isinstance(level, EuclideanLevel) for level in levels):
            return nearest([level.codebook.weight for level in levels])
        steps = [(level, level.search()) for level in levels]

        def ids(latents: Tensor) -> list[Tensor]:
            found = []
            for level, search in steps:
                found.append(search(latents))
                latents = latents - level.words(found[-1])
            return found

        return ids

    def vectors(self, ids: Sequence[Tensor]) -> Tensor:
        """Latents [item, width, frame] of the first levels; what is missing adds nothing."""
        missing = bool((torch.cat(list(ids), dim=1) < 0).any())
        parts = [
            level.vectors(one) if missing else level.words(one)
            for level, one in zip(self.levels, ids, strict=False)
        ]
        return sum(parts[1:], start=parts[0])


def nearest(tables: Sequence[Tensor]) -> Callable[[Tensor], list[Tensor]]:
    """The search for the rows of least distance in a table [ids, width], in fp32.

    Of what these leave over, the nearest in the next table, and so on: ids [item, frame] for each.
    """
    known = [(table, table.float(), table.float().square().sum(-1)) for table in tables]

    def ids(latents: Tensor) -> list[Tensor]:
        items, _, frames = latents.shape
        rest, found = latents.transpose(1, 2).flatten(0, 1), []
        for table, rows, lengths in known:
            vectors = rest.float()
            squares = vectors.square().sum(-1, keepdim=True)
            distances = squares.sub(times(vectors, rows), alpha=2).add_(lengths)
            found.append(distances.argmin(-1))
            rest = rest - F.embedding(found[-1], table)
        return [one.view(items, frames) for one in found]

    return ids
