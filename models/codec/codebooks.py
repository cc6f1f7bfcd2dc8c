"""Codebooks learn by moving averages of what they stand for, not by gradients."""

import torch
from torch import Tensor, nn

from ..layers.moving_codebook import follow
from ..layers.residual_vq import ResidualQuantizer
from .start import nearest


class CodebookLearner(nn.Module):
    """Quantises while the codebooks follow the latents; ids that fall out of use are replaced.

    Its averages (``layers/moving_codebook.py``) are state, so a resumed run is exact.
    """

    counts: Tensor
    sums: Tensor

    def __init__(self, quantizer: ResidualQuantizer, decay: float, least: float) -> None:
        super().__init__()
        tables = torch.stack([level.codebook.weight.detach() for level in quantizer.levels])
        self.decay = decay
        self.least = least  # an id is out of use below this share of the average use
        self.register_buffer("counts", tables.new_ones(tables.shape[:2]))  # [level, id]
        self.register_buffer("sums", tables.clone())  # [level, id, dim]

    @torch.no_grad()
    def restart(self, quantizer: ResidualQuantizer) -> None:
        """Take the codebooks as they are for averages."""
        self.counts.fill_(1)
        self.sums.copy_(torch.stack([level.codebook.weight for level in quantizer.levels]))

    @torch.no_grad()
    def forward(
        self, quantizer: ResidualQuantizer, latents: Tensor, random: torch.Generator
    ) -> Tensor:
        """Latents [n, dim] -> what each level says of them, [level, n, dim]; fp32."""
        rest, said = latents, []
        for index, level in enumerate(quantizer.levels):
            table = level.codebook.weight
            ids = nearest(rest, table)
            said.append(table[ids])
            if self.training:
                follow(
                    table,
                    self.counts[index],
                    self.sums[index],
                    rest,
                    ids,
                    decay=self.decay,
                    least=self.least,
                    random=random,
                )
            rest = rest - said[-1]
        return torch.stack(said)
