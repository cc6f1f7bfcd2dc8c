"""The codebook follows what it stands for while the networks learn."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..layers.moving_codebook import Averages
from .quantizer import DualQuantizer, Step


class Follower(Averages):
    """Moves rows to the means of the vectors that chose them, of all scales alike.

    ``decay`` and ``least`` are those of :func:`zoo.models.layers.moving_codebook.follow`.
    """

    def __init__(self, quantizer: DualQuantizer, decay: float, least: float) -> None:
        super().__init__(quantizer.table(), decay, least)

    @torch.no_grad()
    def forward(
        self, quantizer: DualQuantizer, steps: Sequence[Step], random: torch.Generator
    ) -> None:
        """Take account of one batch's steps; of none, where only other processes have some."""
        table = quantizer.table()
        none = torch.empty(0, dtype=torch.long, device=table.device)
        ids = torch.cat([step.ids.flatten() for step in steps]) if steps else none
        if self.move(table, vectors(steps) if steps else table[:0], ids, random):
            quantizer.put(table)


def vectors(steps: Sequence[Step]) -> Tensor:
    """All normalised vectors of a batch, [n, semantic + pixel], item by item within a scale."""
    return torch.cat([s.normalized.detach().flatten(2).mT.flatten(0, 1) for s in steps])
