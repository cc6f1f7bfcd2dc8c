"""Q-Former: learned queries that read an image, in BERT's post-norm layout.

Source: Li et al. 2023, arXiv 2301.12597, section 3.1; ``qformer_causual.py`` of AILab-CVC/SEED
93b3cf4. Only the queries' branch is here: upstream's checkpoint has no text branch.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from .config import QFormerConfig

NORM_EPS = 1e-12
HIDDEN = -10000.0  # added to the scores of what must not be seen; upstream's number, not -inf


class Attention(nn.Module):
    """norm(x + out(attention)), from x to itself or to ``context``."""

    def __init__(self, width: int, heads: int, context_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(context_width, width)
        self.value = nn.Linear(context_width, width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """x [b, n, width], context [b, m, context_width] -> [b, n, width].

        ``mask`` is added to the scores [b, heads, n, m].
        """
        q, k, v = (
            rearrange(part, "b n (h d) -> b h n d", h=self.heads)
            for part in (self.query(x), self.key(context), self.value(context))
        )
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.norm(x + self.out(rearrange(mixed, "b h n d -> b n (h d)")))


class FeedForward(nn.Module):
    """norm(x + down(gelu(up x))), with the exact GELU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> [..., width]."""
        return self.norm(x + self.down(F.gelu(self.up(x))))


class Layer(nn.Module):
    """Self-attention among queries, in some layers attention to the image, feed-forward."""

    def __init__(self, size: QFormerConfig, image_width: int | None) -> None:
        super().__init__()
        self.attention = Attention(size.width, size.heads, size.width)
        self.cross = None if image_width is None else Attention(size.width, size.heads, image_width)
        self.mlp = FeedForward(size.width, size.hidden)

    def forward(self, x: Tensor, image: Tensor, mask: Tensor | None) -> Tensor:
        """Queries x [b, n, width], image [b, m, image_width] -> queries."""
        x = self.attention(x, x, mask)
        if self.cross is not None:
            x = self.cross(x, image)
        return self.mlp(x)


class QFormer(nn.Module):
    """Image tokens [b, m, image_width] -> query outputs [b, queries, width].

    With ``causal``, query i sees queries 0..i only, so its output depends on no later one. Every
    query sees the whole image.
    """

    def __init__(
        self, size: QFormerConfig, *, queries: int, image_width: int, causal: bool
    ) -> None:
        super().__init__()
        self.causal = causal
        self.queries = nn.Parameter(torch.randn(1, queries, size.width) * 0.02)
        self.norm = nn.LayerNorm(size.width, eps=NORM_EPS)
        self.layers = nn.ModuleList(
            Layer(size, None if index % 2 else image_width) for index in range(size.depth)
        )

    def start(self, items: int) -> Tensor:
        """Normalised queries [items, queries, width]: no words, no positions."""
        return self.norm(self.queries).expand(items, -1, -1)

    def mask(self, like: Tensor) -> Tensor | None:
        """What is added to the scores of self-attention, [queries, queries]; None: nothing."""
        if not self.causal:
            return None
        count = like.shape[1]
        return torch.full((count, count), HIDDEN, dtype=like.dtype, device=like.device).triu(1)

    def forward(self, image: Tensor) -> Tensor:
        """Outputs of the last layer."""
        x = self.start(len(image))
        mask = self.mask(x)
        for layer in self.layers:
            x = layer(x, image, mask)
        return x
