"""Between uint8 pictures and the range -1..1 that the networks know."""

import torch.nn.functional as F
from torch import Tensor


def to_model(images: Tensor) -> Tensor:
    """uint8 images -> fp32 in -1..1."""
    return images.float() / 127.5 - 1


def psnr(decoded: Tensor, images: Tensor) -> Tensor:
    """PSNR in dB per item, fp64; ``decoded`` about -1..1, ``images`` uint8, resized to its size."""
    target = to_model(images)
    if decoded.shape != target.shape:
        target = F.interpolate(target, decoded.shape[-2:], mode="bicubic")
    error = (decoded.clamp(-1, 1) - target).square().flatten(1).mean(1) / 4
    return -10 * error.double().log10()
