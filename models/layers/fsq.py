"""Finite scalar quantisation: each dimension is squashed to a few levels and rounded.

Source: Mentzer et al. 2023, arXiv 2309.15505. The arithmetic is vector-quantize-pytorch's, whose
ids and inverse equal FlexTok's recorded ones exactly; here stand only the two names we use.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from vector_quantize_pytorch import FSQ as LibraryFSQ


class FSQ(nn.Module):
    """Vectors [..., dims] <-> ids [...], the first dimension varying fastest. Always in fp32."""

    def __init__(self, levels: Sequence[int]) -> None:
        super().__init__()
        with torch.device("cpu"):  # its two small tables are in no checkpoint: never on meta
            self.table = LibraryFSQ(list(levels), return_indices=False)

    def quantize(self, vectors: Tensor) -> Tensor:
        """Round to the grid, values in -1..1; gradients pass straight through."""
        with torch.autocast(vectors.device.type, enabled=False):
            return self.table.quantize(vectors.float())

    def ids(self, quantized: Tensor) -> Tensor:
        """Name quantised vectors [..., dims] by int64 ids [...]."""
        return self.table.codes_to_indices(quantized).long()

    def vectors(self, ids: Tensor) -> Tensor:
        """Look ids [...] up: fp32 vectors [..., dims]."""
        return self.table.indices_to_codes(ids.flatten()).unflatten(0, ids.shape)
