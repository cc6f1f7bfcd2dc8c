"""The range that a network wants its pixels in."""

from typing import NamedTuple

import torch
from torch import Tensor

from .image import canonical

Triple = tuple[float, float, float]


class PixelScale(NamedTuple):
    """Pixels 0..1 become (x - mean) / std, per channel."""

    mean: Triple
    std: Triple

    def normalized(self, batch: Tensor) -> Tensor:
        """Prepared pictures [..., 3, height, width], uint8 or 0..1 -> (x - mean) / std, fp32."""
        mean, std = self._tensors(batch.device)
        return (canonical(batch) - mean) / std

    def pixels(self, images: Tensor) -> Tensor:
        """The inverse: a network's pictures -> float32 in 0..1, clamped."""
        mean, std = self._tensors(images.device)
        return (images.float() * std + mean).clamp(0, 1)

    def _tensors(self, device: torch.device) -> list[Tensor]:
        return [torch.tensor(value, device=device)[:, None, None] for value in self]
