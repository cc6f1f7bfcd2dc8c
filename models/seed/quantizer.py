"""The codebook: the nearest row by squared distance, nothing normalised.

Source: ``VectorQuantizer2`` in upstream's ``qformer_quantizer.py`` (AILab-CVC/SEED 93b3cf4).
"""

import torch
from torch import Tensor, nn


class Codebook(nn.Module):
    """Vectors [..., dims] <-> ids [...]. Distances are taken in fp32, whatever the weights are."""

    def __init__(self, size: int, dims: int) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.empty(size, dims).uniform_(-1 / size, 1 / size))

    def ids(self, vectors: Tensor) -> Tensor:
        """Number of the nearest row, int64; the first one where several are equally near."""
        with torch.autocast(vectors.device.type, enabled=False):
            flat, rows = vectors.flatten(0, -2).float(), self.rows.float()
            squares = rows.square().sum(1) + flat.square().sum(1, keepdim=True)
            found = torch.addmm(squares, flat, rows.T, alpha=-2).argmin(1)
        return found.unflatten(0, vectors.shape[:-1])

    def vectors(self, ids: Tensor) -> Tensor:
        """Look ids [...] up: rows [..., dims]."""
        return self.rows[ids]
