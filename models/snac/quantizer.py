"""A level that looks at the latents at a lower rate."""

from torch import Tensor
from torch.nn import functional as F

from ..layers.residual_vq import FactorisedLevel, Search


class PooledLevel(FactorisedLevel):
    """One codebook for the latents' averages over ``stride`` frames."""

    def __init__(self, width: int, stride: int, size: int, dim: int) -> None:
        super().__init__(width, size, dim)
        self.stride = stride

    def search(self) -> Search:
        """[item, width, frame] -> int64 [item, frame / stride]."""
        nearest, stride = super().search(), self.stride
        if stride == 1:
            return nearest
        return lambda latents: nearest(F.avg_pool1d(latents, stride))

    def words(self, ids: Tensor) -> Tensor:
        """int64 [item, n] -> latents [item, width, n * stride]."""
        return super().words(ids).repeat_interleave(self.stride, dim=-1)
