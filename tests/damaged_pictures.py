"""Pictures as tensors, and what a lossy tokenizer might make of them."""

import numpy as np
import torch
from samples import picture

from zoo.media.image import canonical


def pictures(count: int, height: int, width: int) -> list[torch.Tensor]:
    found = [np.array(picture(height, width, seed)) for seed in range(count)]
    return [torch.from_numpy(one).permute(2, 0, 1).contiguous() for one in found]


def damaged(image: torch.Tensor) -> torch.Tensor:
    random = torch.Generator().manual_seed(0)
    noise = 0.08 * torch.randn(image.shape, generator=random)
    return (canonical(image) + noise).clamp(0, 1)
