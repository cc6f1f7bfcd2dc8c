"""A transformer block that merges: across clips before attention, inside a clip after it.

Source: ``ToMeBlock`` and ``ToMeAttention`` of LunarShen/TempMe e624930 (Shen et al. 2024, arXiv
2409.01156, section 3). LoRA is in the weights; nothing is kept between calls.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from einops import rearrange, repeat
from torch import Tensor, nn

from .merge import match, merge
from .schedule import Step


class State(NamedTuple):
    """What goes from block to block."""

    tokens: Tensor  # [clip, token, width]: class tokens, then patch tokens
    sizes: Tensor | None  # float32 [clip, token]; None before the first merge
    source: Tensor  # int64 [clip, patch]: the patch token that each patch of the clip is in


class Attention(nn.Module):
    """Multi-head self-attention that also tells the mean key of each token."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """[clip, token, width] -> the same, and keys averaged over heads [clip, token, dim].

        ``bias`` is added to the scores, broadcast to [clip, head, query, key].
        """
        q, k, v = rearrange(self.qkv(x), "b n (three h d) -> three b h n d", three=3, h=self.heads)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.proj(rearrange(mixed, "b h n d -> b n (h d)")), k.mean(dim=1)


class MLP(nn.Module):
    """fc2(gelu(fc1 x)) with OpenAI CLIP's cheap GELU, x * sigmoid(SLOPE * x)."""

    SLOPE = 1.702

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """[clip, token, width] -> the same.

        x * sigmoid(s x) is silu(s x) / s. Both factors are free in the matrix products, which
        leaves one pass over the widest activations instead of three.
        """
        slope, rows = self.SLOPE, x.flatten(0, 1)
        scaled = torch.addmm(self.fc1.bias, rows, self.fc1.weight.T, beta=slope, alpha=slope)
        out = torch.addmm(self.fc2.bias, F.silu(scaled), self.fc2.weight.T, alpha=1 / slope)
        return out.view_as(x)


class MergingBlock(nn.Module):
    """Joins clips where its step says so, attends, merges, and runs its MLP on what is left."""

    def __init__(self, width: int, heads: int, hidden: int, step: Step, *, size_bias: bool) -> None:
        super().__init__()
        self.step = step
        self.size_bias = size_bias
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = MLP(width, hidden)
        if step.joins > 1:
            self.clip_positions = nn.Parameter(torch.zeros(step.clips * step.joins, width))

    def forward(self, state: State) -> State:
        """All of the block."""
        return self.attend(self.cross(state) if self.step.joins > 1 else state)

    def joined(self, state: State) -> State:
        """One clip of neighbours: all their class tokens, then all their patch tokens."""
        joins, old = self.step.joins, self.step.classes // self.step.joins
        tokens, sizes, source = state
        if sizes is None:
            sizes = torch.ones(tokens.shape[:2], device=tokens.device)
        patches = tokens.shape[1] - old
        shift = torch.arange(0, joins * patches, patches, device=source.device)[:, None]
        return State(
            _joined(tokens, joins, old),
            _joined(sizes[..., None], joins, old)[..., 0],
            (source.unflatten(0, (-1, joins)) + shift).flatten(1, 2),
        )

    def cross(self, state: State) -> State:
        """Join clips, and merge tokens that are alike as they came in, whichever clip they are of.

        Where nothing is merged, upstream leaves out the clips' positions as well.
        """
        state = self.joined(state)
        if self.step.cross == 0:
            return state
        metric = state.tokens
        placed = (metric.unflatten(0, (-1, self.step.clips)) + self._positions(metric)).flatten(
            0, 1
        )
        return self._merged(state._replace(tokens=placed), metric, self.step.cross)

    def attend(self, state: State) -> State:
        """Attention, the merge inside each clip by the mean key, and the MLP."""
        bias = None
        if self.size_bias and state.sizes is not None:
            bias = state.sizes.log().to(state.tokens.dtype)[:, None, None]
        mixed, metric = self.attention(self.norm1(state.tokens), bias)
        state = state._replace(tokens=state.tokens + mixed)
        if self.step.intra:
            state = self._merged(state, metric, self.step.intra)
        x = state.tokens
        return state._replace(tokens=x + self.mlp(self.norm2(x)))

    def _merged(self, state: State, metric: Tensor, count: int) -> State:
        found = match(metric, self.step.classes, count)
        tokens, sizes = merge(state.tokens, state.sizes, self.step.classes, found)
        return State(tokens, sizes, found.new_index.gather(1, state.source))

    def _positions(self, joined: Tensor) -> Tensor:
        """The position of the old clip that each token came from: [clip, token, width]."""
        joins, classes = self.step.joins, self.step.classes
        each = self.clip_positions.unflatten(0, (-1, joins))  # [clip, old clip, width]
        patches = joined.shape[1] - classes
        first = repeat(each, "c j d -> c (j n) d", n=classes // joins)
        return torch.cat([first, repeat(each, "c j d -> c (j n) d", n=patches // joins)], dim=1)


def _joined(x: Tensor, joins: int, classes: int) -> Tensor:
    """[clip, token, dim] -> [clip / joins, token * joins, dim], class tokens first."""
    apart = x.unflatten(0, (-1, joins))
    first, rest = apart[:, :, :classes], apart[:, :, classes:]
    return torch.cat([first.flatten(1, 2), rest.flatten(1, 2)], dim=1)
