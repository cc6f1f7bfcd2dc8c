"""The codebook follows what it stands for while the networks learn."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..layers.moving_codebook import follow
from .quantizer import DualQuantizer, Step


class Follower(nn.Module):
    """Moves rows to the means of the vectors that chose them, of all scales alike.

    Its averages are state, so that a resumed run is exact. Rows out of use are put onto vectors.
    """

    counts: Tensor
    sums: Tensor

    def __init__(self, quantizer: DualQuantizer, decay: float, least: float) -> None:
        super().__init__()
        self.decay = decay
        self.least = least  # a row is out of use below this share of the average use
        table = quantizer.table().detach()
        self.register_buffer("counts", table.new_ones(len(table)))
        self.register_buffer("sums", table.clone())

    @torch.no_grad()
    def restart(self, quantizer: DualQuantizer) -> None:
        """Take the codebook as it is for averages."""
        self.counts.fill_(1)
        self.sums.copy_(quantizer.table())

    @torch.no_grad()
    def forward(
        self, quantizer: DualQuantizer, steps: Sequence[Step], random: torch.Generator
    ) -> None:
        """Take account of one batch's steps."""
        table = quantizer.table()
        follow(
            table,
            self.counts,
            self.sums,
            vectors(steps),
            torch.cat([step.ids.flatten() for step in steps]),
            decay=self.decay,
            least=self.least,
            random=random,
        )
        quantizer.put(table)


def vectors(steps: Sequence[Step]) -> Tensor:
    """All normalised vectors of a batch, [n, semantic + pixel], item by item within a scale."""
    return torch.cat([s.normalized.detach().flatten(2).mT.flatten(0, 1) for s in steps])
