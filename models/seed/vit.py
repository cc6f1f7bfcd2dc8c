"""EVA-CLIP-g's vision transformer, as BLIP-2 cut it: no last block, no norm at the end.

Source: Fang et al. 2022, arXiv 2211.07636; ``eva_vit.py`` of AILab-CVC/SEED 93b3cf4.
"""

import torch
from torch import Tensor, nn

from ..layers.beit import BeitBlock
from .config import VitConfig

NORM_EPS = 1e-6


class VisionTransformer(nn.Module):
    """Normalised images [b, 3, size, size] -> tokens [b, 1 + patches, width], class token first."""

    def __init__(self, patch: int, width: int, patches: int, blocks: list[BeitBlock]) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, 1 + patches, width) * 0.02)
        self.blocks = nn.ModuleList(blocks)

    def embed(self, images: Tensor) -> Tensor:
        """Patch vectors [b, patches, width], row by row."""
        return self.patches(images).flatten(2).transpose(1, 2)

    def forward(self, images: Tensor) -> Tensor:
        """All tokens of the last block; nothing is normalised at the end."""
        patches = self.embed(images)
        first = self.class_token.expand(len(patches), -1, -1)
        x = torch.cat([first, patches], dim=1) + self.positions
        for block in self.blocks:
            x = block(x)
        return x


def build_vit(config: VitConfig, image_size: int) -> VisionTransformer:
    """Construct the transformer for square images of ``image_size`` pixels."""
    blocks = [
        BeitBlock(config.width, config.heads, config.hidden, eps=NORM_EPS)
        for _ in range(config.depth)
    ]
    patches = (image_size // config.patch) ** 2
    return VisionTransformer(config.patch, config.width, patches, blocks)
