"""Rows of a codebook that nothing chooses any more are put where vectors are."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .quantizer import DualQuantizer, Step


class Revival(nn.Module):
    """Counts for how many steps each row was not chosen; after ``patience`` it is moved.

    The counts are saved with a run's checkpoints, so that a resumed run moves the same rows.
    """

    idle: Tensor

    def __init__(self, rows: int, patience: int) -> None:
        super().__init__()
        self.patience = patience
        self.register_buffer("idle", torch.zeros(rows, dtype=torch.int32))

    @torch.no_grad()
    def forward(
        self, quantizer: DualQuantizer, steps: Sequence[Step], random: torch.Generator
    ) -> None:
        """Put idle rows onto vectors drawn from this step's, of all scales alike."""
        self.idle += 1
        for step in steps:
            self.idle[step.ids.flatten()] = 0
        rows = (self.idle >= self.patience).nonzero()[:, 0]
        if len(rows):
            vectors = torch.cat(
                [step.normalized.flatten(2).transpose(1, 2).flatten(0, 1) for step in steps]
            )
            drawn = torch.randint(len(vectors), (len(rows),), generator=random)
            parts = vectors[drawn.to(vectors.device)].split(quantizer.dims, dim=1)
            for table, part in zip((quantizer.semantic, quantizer.pixel), parts, strict=True):
                # .data: no gradient of this step concerns a row that nothing chose.
                table.data[rows] = part.to(table.dtype)
            self.idle[rows] = 0
