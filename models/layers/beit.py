"""The pre-norm transformer block of BEiT and EVA, with one fused projection and separate biases.

Source: Bao et al. 2022, arXiv 2106.08254. Names are timm's, so that published weights fit as they
are: ``norm1``, ``attn.{qkv,q_bias,v_bias,proj}``, ``norm2``, ``mlp.{fc1,fc2}``.
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn


class BeitAttention(nn.Module):
    """Multi-head self-attention. Keys have no bias, unless ``key_bias`` asks for a plain ViT's."""

    def __init__(self, width: int, heads: int, *, key_bias: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=key_bias)
        if not key_bias:
            self.q_bias = nn.Parameter(torch.zeros(width))
            self.v_bias = nn.Parameter(torch.zeros(width))
        self.proj = nn.Linear(width, width)

    @property
    def bias(self) -> Tensor:
        """Bias of the fused projection, [3 * width]."""
        if self.qkv.bias is not None:
            return self.qkv.bias
        return torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])

    def forward(self, x: Tensor) -> Tensor:
        """[b, n, width] -> [b, n, width]; every token sees every token."""
        fused = F.linear(x, self.qkv.weight, self.bias)
        q, k, v = rearrange(fused, "b n (three h d) -> three b h n d", three=3, h=self.heads)
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.proj(rearrange(mixed, "b h n d -> b n (h d)"))


class BeitMLP(nn.Module):
    """fc2(gelu(fc1 x)), with the exact GELU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> [..., width]."""
        return self.fc2(F.gelu(self.fc1(x)))


class BeitBlock(nn.Module):
    """x + attention(norm x), then x + mlp(norm x); ``hidden`` is the width inside the MLP."""

    def __init__(
        self, width: int, heads: int, hidden: int, *, eps: float, key_bias: bool = False
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=eps)
        self.attn = BeitAttention(width, heads, key_bias=key_bias)
        self.norm2 = nn.LayerNorm(width, eps=eps)
        self.mlp = BeitMLP(width, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """[b, n, width] -> [b, n, width]."""
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))
