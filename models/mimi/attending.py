"""The next steps of transformers' own transformer, from what it keeps of those before.

They are what its ``forward`` gives with a cache; but no cache or mask of a general kind is built
for what is mostly one step: keys and values lie in one buffer per layer, and weights are read by
``few_rows``.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..layers.few_rows import times


class Past:
    """Keys and values of one layer: of the ``kept`` steps that later ones still see."""

    def __init__(self, kept: int) -> None:
        self.kept = kept
        self.buffer: Tensor | None = None  # [key or value, item, head, step, dim]
        self.end = 0

    def followed(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """By new ones [item, head, step, dim]: all that these see. Only a full buffer moves."""
        items, heads, new, dim = keys.shape
        start = max(0, self.end - self.kept)
        if self.buffer is None or self.end + new > self.buffer.shape[3]:
            old, self.end = self.end - start, self.end - start
            buffer = keys.new_empty(2, items, heads, 2 * self.kept + new, dim)
            if self.buffer is not None:
                buffer[..., :old, :] = self.buffer[..., start : start + old, :]
            self.buffer, start = buffer, 0
        self.end += new
        for part, fresh in zip(self.buffer, (keys, values), strict=True):
            part[..., self.end - new : self.end, :] = fresh
        return self.buffer[0, ..., start : self.end, :], self.buffer[1, ..., start : self.end, :]


class Attending:
    """A transformer on its way along one sound, or several of one length."""

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer
        self.kept = transformer.config.sliding_window - 1
        self.pasts = [Past(self.kept) for _ in transformer.layers]
        self.gone = 0  # steps

    def __call__(self, x: Tensor) -> Tensor:
        """The next steps [item, step, width], shape kept."""
        new = x.shape[1]
        places = torch.arange(self.gone - min(self.gone, self.kept), self.gone + new).to(x.device)
        ago = places[-new:, None] - places
        mask = None if new == 1 else (ago >= 0) & (ago <= self.kept)  # [step, step seen]
        cos, sin = self.transformer.rotary_emb(x, places[None, -new:])  # [1, step, dim] each
        turn = cos[:, :, None], _signed(sin)[:, :, None]
        rows = x.flatten(0, 1)  # [item * step, width]
        for layer, past in zip(self.transformer.layers, self.pasts, strict=True):
            normed = layer.input_layernorm(rows).view_as(x)
            mixed = attended(layer.self_attn, normed, past, turn, mask)
            rows = torch.addcmul(rows, layer.self_attn_layer_scale.scale, mixed)
            inner = times(layer.post_attention_layernorm(rows), layer.mlp.fc1.weight)
            inner = times(layer.mlp.activation_fn(inner), layer.mlp.fc2.weight)
            rows = torch.addcmul(rows, layer.mlp_layer_scale.scale, inner)
        self.gone += new
        return rows.view_as(x)


def attended(
    layer: Any, x: Tensor, past: Past, turn: tuple[Tensor, Tensor], mask: Tensor | None
) -> Tensor:
    """Attention of new steps [item, step, width] to those seen -> [item * step, width]."""
    rows, (cos, sin) = x.flatten(0, 1), turn
    query, key, value = (
        times(rows, part.weight).view(*x.shape[:2], -1, layer.head_dim)  # [item, step, head, dim]
        for part in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    both = torch.stack([query, key])
    query, key = both * cos + both.roll(layer.head_dim // 2, -1) * sin
    keys, values = past.followed(key.transpose(1, 2), value.transpose(1, 2))
    mixed = F.scaled_dot_product_attention(query.transpose(1, 2), keys, values, mask)
    return times(mixed.transpose(1, 2).reshape(rows.shape[0], -1), layer.o_proj.weight)


def _signed(sin: Tensor) -> Tensor:
    """The first half turned around: a rolled vector times it is the other half, rotated."""
    first, second = sin.chunk(2, dim=-1)
    return torch.cat([-first, second], dim=-1)
