"""A codebook that follows what it stands for by moving averages, not by gradients."""

import torch
from torch import Tensor, nn


@torch.no_grad()
def follow(
    table: Tensor,
    counts: Tensor,
    sums: Tensor,
    vectors: Tensor,
    ids: Tensor,
    *,
    decay: float,
    least: float,
    random: torch.Generator,
) -> None:
    """Move the rows of a codebook, in place, to the means of the vectors that chose them.

    Source: van den Oord et al. 2017, arXiv 1711.00937, appendix A (moving averages); Zeghidour et
    al. 2021, arXiv 2107.03312 (ids that fall out of use are replaced).

    Args:
        table: [ids, dim], fp32.
        counts: how often each id was chosen of late, relative to even use [ids]; updated.
        sums: what chose it, on the same scale [ids, dim]; updated.
        vectors: of one batch [n, dim].
        ids: which row each of them chose [n].
        decay: of the averages, per call.
        least: an id used less than this share of the average gets one of the vectors for its row.
        random: a generator on the CPU that chooses these.
    """
    size, share = len(table), len(table) / len(ids)
    counts.lerp_(torch.bincount(ids, minlength=size).to(counts) * share, 1 - decay)
    sums.lerp_(torch.zeros_like(sums).index_add_(0, ids, vectors) * share, 1 - decay)
    dead = counts < least
    rows = torch.randint(len(vectors), (size,), generator=random).to(dead.device)
    counts.masked_fill_(dead, 1)
    sums.copy_(torch.where(dead[:, None], vectors[rows], sums))
    table.copy_(sums / counts[:, None])


class Averages(nn.Module):
    """The state of one codebook that follows; with a run's checkpoints, so that resuming is exact."""

    counts: Tensor
    sums: Tensor

    def __init__(self, table: Tensor, decay: float, least: float) -> None:
        super().__init__()
        self.decay = decay
        self.least = least  # an id is out of use below this share of the average use
        self.register_buffer("counts", torch.ones(len(table)))
        self.register_buffer("sums", table.detach().clone())

    @torch.no_grad()
    def restart(self, table: Tensor) -> None:
        """Take a codebook [ids, dim] as it is for averages."""
        self.counts.fill_(1)
        self.sums.copy_(table)

    def move(self, table: Tensor, vectors: Tensor, ids: Tensor, random: torch.Generator) -> None:
        """Let ``table`` follow, in place; see :func:`follow`."""
        follow(
            table,
            self.counts,
            self.sums,
            vectors,
            ids,
            decay=self.decay,
            least=self.least,
            random=random,
        )
