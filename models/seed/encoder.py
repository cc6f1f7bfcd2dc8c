"""From an image to the vectors that become ids.

Source: ``Blip2QformerQuantizer.get_codebook_indices`` (AILab-CVC/SEED 93b3cf4).
"""

import torch.nn.functional as F
from torch import Tensor, nn

from .qformer import QFormer
from .vit import VisionTransformer


class WideNorm(nn.LayerNorm):
    """Layer norm computed in fp32 whatever the input and the weights are."""

    def forward(self, input: Tensor) -> Tensor:
        """[..., width] -> [..., width], in the input's dtype."""
        found = F.layer_norm(
            input.float(), self.normalized_shape, self.weight.float(), self.bias.float(), self.eps
        )
        return found.to(input.dtype)


class ImageEncoder(nn.Module):
    """Vision transformer, causal Q-Former and task layer."""

    def __init__(self, vit: VisionTransformer, qformer: QFormer, dims: int) -> None:
        super().__init__()
        image_width, width = vit.positions.shape[-1], qformer.queries.shape[-1]
        self.vit = vit
        self.norm = WideNorm(image_width, eps=1e-5)
        self.qformer = qformer
        self.head = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, dims))

    def patches(self, images: Tensor) -> Tensor:
        """Normalised images [b, 3, size, size] -> image tokens [b, 1 + patches, image width]."""
        return self.norm(self.vit(images))

    def queries(self, images: Tensor) -> Tensor:
        """Images -> outputs of the causal Q-Former [b, queries, width]."""
        return self.qformer(self.patches(images))

    def forward(self, images: Tensor) -> Tensor:
        """Images -> vectors to quantise [b, queries, dims]."""
        return self.head(self.queries(images))
