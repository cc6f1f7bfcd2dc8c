"""Codebooks learn by moving averages of what they stand for, not by gradients."""

import torch
from torch import Tensor, nn

from ..layers.residual_vq import ResidualQuantizer
from .start import nearest


class CodebookLearner(nn.Module):
    """Quantises while the codebooks follow the latents; ids that fall out of use are replaced.

    Source: van den Oord et al. 2017, arXiv 1711.00937, appendix A (moving averages); Zeghidour et
    al. 2021, arXiv 2107.03312 (replacement). Its averages are state, so a resumed run is exact.
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
                self._learn(index, table, ids, rest, random)
            rest = rest - said[-1]
        return torch.stack(said)

    def _learn(
        self, index: int, table: Tensor, ids: Tensor, rest: Tensor, random: torch.Generator
    ) -> None:
        size, share = len(table), len(table) / len(ids)  # counts are relative to even use
        counts, sums = self.counts[index], self.sums[index]
        counts.lerp_(torch.bincount(ids, minlength=size).to(counts) * share, 1 - self.decay)
        sums.lerp_(torch.zeros_like(sums).index_add_(0, ids, rest) * share, 1 - self.decay)
        dead = counts < self.least
        rows = torch.randint(len(rest), (size,), generator=random).to(dead.device)
        counts.masked_fill_(dead, 1)
        sums.copy_(torch.where(dead[:, None], rest[rows], sums))
        table.copy_(sums / counts[:, None])
