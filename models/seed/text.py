"""Captions for stage 1 of training: a text branch that shares the Q-Former's self-attention.

Source: Li et al. 2023, arXiv 2301.12597, section 3.1: image and text transformer share their
self-attention layers; each has feed-forward layers of its own.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import QFormerConfig
from .qformer import HIDDEN, FeedForward, Layer, QFormer

LONGEST = 512  # positions of BERT


class Captioned(NamedTuple):
    """A batch of images [b, 3, s, s] uint8 and their captions [b, n], ids of BERT; 0 pads."""

    images: Tensor
    words: Tensor

    def to(self, device: torch.device | str) -> "Captioned":
        """Both on ``device``."""
        return Captioned(self.images.to(device), self.words.to(device))


class TextBranch(nn.Module):
    """Caption [b, n] -> its first word's output [b, width]; every word sees every word."""

    def __init__(self, size: QFormerConfig, words: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, size.width)
        self.places = nn.Embedding(LONGEST, size.width)
        self.mlps = nn.ModuleList(FeedForward(size.width, size.hidden) for _ in range(size.depth))

    def forward(self, qformer: QFormer, words: Tensor) -> Tensor:
        """Through the shared attention of ``qformer``, past its attention to images."""
        x = qformer.norm(self.words(words) + self.places.weight[: words.shape[1]])
        mask = (words == 0)[:, None, None].to(x.dtype) * HIDDEN
        for layer, mlp in zip(qformer.layers, self.mlps, strict=True):
            assert isinstance(layer, Layer)
            x = mlp(layer.attention(x, x, mask))
        return x[:, 0]


class Contrast(nn.Module):
    """Images and captions in one space, compared by cosine over a learned temperature."""

    def __init__(self, size: QFormerConfig, *, words: int, shared: int, temperature: float) -> None:
        super().__init__()
        self.text = TextBranch(size, words)
        self.from_image = nn.Linear(size.width, shared)
        self.from_text = nn.Linear(size.width, shared)
        self.temperature = nn.Parameter(torch.tensor(temperature))

    def forward(self, image: Tensor, qformer: QFormer, words: Tensor) -> Tensor:
        """Image vectors [b, width] and captions [c, n] -> scores [b, c]."""
        images = F.normalize(self.from_image(image), dim=-1)
        texts = F.normalize(self.from_text(self.text(qformer, words)), dim=-1)
        return images @ texts.T / self.temperature
