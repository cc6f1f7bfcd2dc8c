"""Training images: random crops and flips, and the scale the encoder takes."""

import torch
import torch.nn.functional as F
from torch import Tensor

MEAN = (0.48145466, 0.4578275, 0.40821073)  # CLIP's
STD = (0.26862954, 0.26130258, 0.27577711)


def normalised(images: Tensor) -> Tensor:
    """uint8, or floats in 0..1 -> what the encoder takes."""
    mean, std = (torch.tensor(v, device=images.device)[:, None, None] for v in (MEAN, STD))
    scaled = images.float() / 255 if images.dtype == torch.uint8 else images
    return (scaled - mean) / std


def pixels(images: Tensor) -> Tensor:
    """The inverse: what the encoder takes -> about 0..1, not clamped."""
    mean, std = (torch.tensor(v, device=images.device)[:, None, None] for v in (MEAN, STD))
    return images * std + mean


def random_views(images: Tensor, random: torch.Generator) -> Tensor:
    """Square images [b, 3, s, s] uint8 -> crops of half to all of the area, some mirrored, 0..1."""
    side = images.shape[-1]
    views = []
    for image in images:
        area, down, across, mirror = torch.rand(4, generator=random).tolist()
        size = max(1, round(side * (0.5 + 0.5 * area) ** 0.5))
        top, left = (int(place * (side - size + 1)) for place in (down, across))
        view = image[None, :, top : top + size, left : left + size].float() / 255
        view = F.interpolate(view, size=(side, side), mode="bicubic", antialias=True).clamp(0, 1)
        views.append(view.flip(-1) if mirror < 0.5 else view)
    return torch.cat(views)
