"""Videos and texts in one space: CLIP's heads, and its text transformer.

Source: ``get_video_feat``, ``get_text_feat`` and ``stage2_eval`` of LunarShen/TempMe e624930.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from .block import MLP, Attention
from .config import TextConfig


class VideoHead(nn.Module):
    """Class tokens -> one vector per video."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, embedding, bias=False)

    def forward(self, classes: Tensor, mask: Tensor | None = None) -> Tensor:
        """[item, frame, width] -> the mean of unit vectors, fp32 [item, embedding].

        ``mask`` [item, frame] is 1 where a frame counts. The mean is not of unit length.
        """
        frames = self.frames(classes)
        if mask is None:
            return frames.mean(dim=1)
        weight = mask[..., None].to(frames.dtype)
        return (frames * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)

    def frames(self, classes: Tensor) -> Tensor:
        """[item, frame, width] -> a unit vector per frame, fp32 [item, frame, embedding]."""
        return normalize(self.project(self.norm(classes)).float(), dim=-1)


class TextBlock(nn.Module):
    """x + attention(norm x), then x + mlp(norm x)."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, hidden)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """[text, word, width] -> the same; ``bias`` hides what a word must not see."""
        x = x + self.attention(self.norm1(x), bias)[0]
        return x + self.mlp(self.norm2(x))


class TextTower(nn.Module):
    """Byte pairs of texts -> one vector per text."""

    def __init__(self, config: TextConfig, embedding: int) -> None:
        super().__init__()
        width = config.width
        self.words = nn.Embedding(config.words, width)
        self.positions = nn.Parameter(torch.randn(config.context, width) * 0.01)
        self.blocks = nn.ModuleList(
            TextBlock(width, config.heads, config.hidden) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, embedding, bias=False)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        """int64 [text, word], and where there are any [text, word] -> fp32 [text, embedding].

        A word sees itself and those before it. The vector is that of the end of the text, which
        is the largest number of the vocabulary; it is not of unit length.
        """
        length = words.shape[1]
        x = self.words(words) + self.positions[:length]
        seen = torch.ones(length, length, dtype=torch.bool, device=words.device).tril()
        seen = (seen & (mask[:, None] > 0))[:, None]  # [text, 1, word, word]
        bias = torch.zeros(seen.shape, dtype=x.dtype, device=x.device)
        bias = bias.masked_fill(~seen, -torch.inf)
        for block in self.blocks:
            x = block(x, bias)
        ends = x[torch.arange(len(x), device=x.device), words.argmax(dim=1)]
        return self.project(self.norm(ends)).float()


def cosine_logits(texts: Tensor, videos: Tensor, log_scale: Tensor) -> Tensor:
    """Cosines of texts [t, dim] and videos [v, dim], times exp(log_scale): [t, v]."""
    return normalize(texts, dim=-1) @ normalize(videos, dim=-1).T * log_scale.exp()
