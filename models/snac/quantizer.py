"""A level that looks at the latents at a lower rate."""

from torch import Tensor
from torch.nn import functional as F

from ..layers.residual_vq import FactorisedLevel


class PooledLevel(FactorisedLevel):
    """One codebook for the latents' averages over ``stride`` frames."""

    def __init__(self, width: int, stride: int, size: int, dim: int) -> None:
        super().__init__(width, size, dim)
        self.stride = stride

    def ids(self, latents: Tensor) -> Tensor:
        """[item, width, frame] -> int64 [item, frame / stride]."""
        return super().ids(F.avg_pool1d(latents, self.stride) if self.stride > 1 else latents)

    def vectors(self, ids: Tensor) -> Tensor:
        """int64 [item, n], -1 for none -> latents [item, width, n * stride], 0 where none."""
        return super().vectors(ids).repeat_interleave(self.stride, dim=-1)
