"""The activation of OpenAI's CLIP."""

import torch
from torch import Tensor


def quick_gelu(x: Tensor) -> Tensor:
    """OpenAI CLIP's cheap GELU."""
    return x * torch.sigmoid(1.702 * x)
