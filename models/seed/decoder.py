"""From the codebook's rows to one image embedding in the space of CLIP ViT-H/14.

Source: ``Blip2QformerQuantizer.get_codebook_entry`` (AILab-CVC/SEED 93b3cf4).
"""

import torch
from torch import Tensor, nn

from zoo.errors import CardError

from ..layers.beit import BeitBlock
from .config import DecoderConfig, QFormerConfig, SeedConfig
from .qformer import QFormer

NORM_EPS = 1e-6
DOWN = (256, 128, 32)  # widths of the image_down head


class DownHead(nn.Module):
    """Each token squeezed to 32 numbers, all of them together projected."""

    def __init__(self, width: int, tokens: int, embedding: int) -> None:
        super().__init__()
        first, second, last = DOWN
        self.down = nn.Sequential(
            nn.Linear(width, first, bias=False),
            nn.ReLU(),
            nn.Linear(first, second, bias=False),
            nn.ReLU(),
            nn.Linear(second, last, bias=False),
        )
        self.project = nn.Linear(tokens * last, embedding)

    def forward(self, x: Tensor) -> Tensor:
        """[b, tokens, width] -> [b, embedding]."""
        return self.project(self.down(x).flatten(1))


class ReverseHead(nn.Module):
    """One query that reads all tokens through a Q-Former without causality."""

    def __init__(self, size: QFormerConfig, embedding: int) -> None:
        super().__init__()
        self.qformer = QFormer(size, queries=1, image_width=size.width, causal=False)
        self.project = nn.Linear(size.width, embedding)

    def forward(self, x: Tensor) -> Tensor:
        """[b, tokens, width] -> [b, embedding]."""
        return self.project(self.qformer(x)[:, 0])


def task_layer(dims: int, width: int) -> nn.Sequential:
    """Codebook rows [..., dims] -> tokens [..., width]."""
    return nn.Sequential(nn.Linear(dims, dims), nn.Tanh(), nn.Linear(dims, width))


class Blocks(nn.Module):
    """Learned positions and plain ViT blocks; every token sees every token."""

    def __init__(self, tokens: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.randn(1, tokens, width) * 0.02)
        self.blocks = nn.ModuleList(
            BeitBlock(width, heads, 4 * width, eps=NORM_EPS, key_bias=True) for _ in range(depth)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[b, tokens, width] -> [b, tokens, width]."""
        x = x + self.positions
        for block in self.blocks:
            x = block(x)
        return x


class EmbeddingDecoder(nn.Module):
    """Codebook rows [b, queries, dims] -> image embedding [b, embedding], not normalised."""

    def __init__(self, task: nn.Module, trunk: Blocks, head: nn.Module) -> None:
        super().__init__()
        self.task = task
        self.trunk = trunk
        self.head = head

    def forward(self, rows: Tensor) -> Tensor:
        """All ids of an image are needed: no prefix of them decodes."""
        return self.head(self.tokens(rows))

    def tokens(self, rows: Tensor) -> Tensor:
        """Rows -> tokens that have seen each other [b, queries, width]."""
        return self.trunk(self.task(rows))


def build_decoder(config: SeedConfig) -> EmbeddingDecoder:
    """Construct the decoder with the head that the configuration names."""
    size, given = config.qformer, config.decoder
    trunk = Blocks(config.queries, size.width, given.depth, given.heads)
    head = _head(given, size, config.queries)
    return EmbeddingDecoder(task_layer(config.codebook[1], size.width), trunk, head)


def _head(given: DecoderConfig, size: QFormerConfig, tokens: int) -> nn.Module:
    if given.head == "image_down":
        return DownHead(size.width, tokens, given.embedding)
    if given.head == "reverse_qformer":
        reverse = QFormerConfig(size.width, given.reverse_depth, size.heads, size.hidden)
        return ReverseHead(reverse, given.embedding)
    raise CardError(f"decoder head {given.head!r}; known: image_down, reverse_qformer")
