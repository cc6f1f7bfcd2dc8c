"""A codebook that follows what it stands for by moving averages, not by gradients."""

import torch
from torch import Tensor, distributed, nn


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
) -> bool:
    """Move the rows of a codebook, in place, to the means of the vectors that chose them.

    Of several processes each brings its own vectors, or none, and all move alike; so all must call
    this equally often. A batch in parts (``accumulate`` of a recipe) moves the codebook with every
    part: what a part is quantised by follows the parts before it, and ``decay`` acts once for each.

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

    Returns:
        Whether there were any vectors; without, nothing changes.
    """
    brought = _brought(len(ids), table.device)
    if not sum(brought):
        return False
    size, share = len(table), len(table) / sum(brought)
    used = _added(torch.bincount(ids, minlength=size))
    counts.lerp_(used.to(counts) * share, 1 - decay)
    sums.lerp_(_added(torch.zeros_like(sums).index_add_(0, ids, vectors)) * share, 1 - decay)
    dead = counts < least
    counts.masked_fill_(dead, 1)
    sums.copy_(torch.where(dead[:, None], _drawn(vectors, size, brought, random), sums))
    table.copy_(sums / counts[:, None])
    return True


def _drawn(vectors: Tensor, size: int, brought: list[int], random: torch.Generator) -> Tensor:
    """Vectors for ``size`` rows; of several processes, those that have some give them in turn."""
    if len(vectors):
        rows = torch.randint(len(vectors), (size,), generator=random).to(vectors.device)
        drawn = vectors[rows]
    else:
        drawn = vectors.new_zeros(size, vectors.shape[1])
    if len(brought) == 1:
        return drawn
    givers = [process for process, count in enumerate(brought) if count]
    turn = torch.arange(size, device=vectors.device) % len(givers)
    mine = torch.tensor(givers, device=vectors.device)[turn] == distributed.get_rank()
    drawn = torch.where(mine[:, None], drawn, 0)
    return _added(drawn)


def _brought(count: int, device: torch.device) -> list[int]:
    """How many vectors each process has."""
    if not _several():
        return [count]
    counts = torch.zeros(distributed.get_world_size(), dtype=torch.long, device=device)
    counts[distributed.get_rank()] = count
    return _added(counts).tolist()


def _added(tensor: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if _several():
        distributed.all_reduce(tensor)
    return tensor


def _several() -> bool:
    return (
        distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )


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

    def move(self, table: Tensor, vectors: Tensor, ids: Tensor, random: torch.Generator) -> bool:
        """Let ``table`` follow, in place; see :func:`follow`."""
        return follow(
            table,
            self.counts,
            self.sums,
            vectors,
            ids,
            decay=self.decay,
            least=self.least,
            random=random,
        )
