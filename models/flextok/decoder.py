"""Rectified-flow decoder: noised latents and register tokens in, velocity out.

Source: upstream ``decoder`` (apple/ml-flextok 87d00cc); FlexTok paper, section 3.

Upstream overwrites each dropped register with one learned mask vector, and all of them with one
null vector for the unconditional pass, after positions were added. Equal vectors under full
attention stay equal in every block, so one of them stands for all here, with log(count) added to
its attention logit: the same result with up to half the tokens gone. Registers are not read at
the end, so the last block computes only their keys and values.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Attention, GatedMLP, PatchEmbedding, norm, unpatchify
from .modulation import Modulation, TimeEmbedding


@dataclass(frozen=True)
class Condition:
    """What the velocity is conditioned on: tokens [b, n, width], logit bias [b, n] or None."""

    tokens: Tensor
    bias: Tensor | None


class DecoderBlock(nn.Module):
    """Attention and MLP over [patches | registers], each part with its own six modulations."""

    def __init__(self, width: int, head_dim: int, mlp_ratio: float, rank: int | None) -> None:
        super().__init__()
        self.attention = Attention(width, head_dim)
        self.mlp = GatedMLP(width, mlp_ratio)
        self.modulation = Modulation(width, 12, rank)

    def forward(
        self, x: Tensor, patches: int, modulation: Tensor, bias: Tensor | None, patches_only: bool
    ) -> Tensor:
        """x [b, patches+n, width] -> same, or only its patches [b, patches, width].

        modulation: [b or 1, 12, width]; gates, shifts and scales of patches, then of registers.
        bias: [b, 1, 1, patches+n], added to every attention logit of a key.
        """
        gate, gate_mlp, shift, scale, shift_mlp, scale_mlp = (
            _spread(modulation[:, i], modulation[:, i + 6], patches, x.shape[1]) for i in range(6)
        )
        y = torch.addcmul(shift, norm(x), 1 + scale)
        keys, values = self.attention.keys_values(y)
        if patches_only:
            x, y = x[:, :patches], y[:, :patches]
            gate, gate_mlp, shift_mlp, scale_mlp = (
                part[:, :patches] for part in (gate, gate_mlp, shift_mlp, scale_mlp)
            )
        mixed = self.attention.attend(self.attention.queries(y), keys, values, bias)
        x = torch.addcmul(x, gate, self.attention.out(mixed))
        return torch.addcmul(
            x, gate_mlp, self.mlp(torch.addcmul(shift_mlp, norm(x), 1 + scale_mlp))
        )


def _spread(of_patches: Tensor, of_registers: Tensor, patches: int, total: int) -> Tensor:
    """Two rows [b, width] -> one row per token [b, total, width]."""
    return torch.cat(
        [
            of_patches[:, None].expand(-1, patches, -1),
            of_registers[:, None].expand(-1, total - patches, -1),
        ],
        dim=1,
    )


class FlowDecoder(nn.Module):
    """Velocity d x/d t (noise minus clean) of noised latents, given register codes and time."""

    def __init__(
        self,
        patches: PatchEmbedding,
        time: TimeEmbedding,
        width: int,
        registers: int,
        dims: int,
        blocks: list[DecoderBlock],
        rank: int | None,
    ) -> None:
        super().__init__()
        self.patches = patches
        self.time = time
        self.from_codes = nn.Linear(dims, width)
        self.positions = nn.Parameter(torch.randn(registers, width))
        self.dropped = nn.Parameter(torch.randn(width))
        self.null = nn.Parameter(torch.randn(width))
        self.blocks = nn.ModuleList(blocks)
        self.modulation = Modulation(width, 2, rank)
        self.head = nn.Linear(width, patches.project.in_features)

    @property
    def registers(self) -> int:
        """Register count of the full code."""
        return len(self.positions)

    def embed(self, codes: Tensor) -> Tensor:
        """Code vectors [b, k, dims] -> register tokens [b, k, width] with their positions."""
        rows = self.from_codes(codes.to(self.from_codes.weight.dtype))
        return rows + self.positions[: codes.shape[1]]

    def condition(self, codes: Tensor, lengths: Tensor | None = None) -> Condition:
        """Code vectors [b, k, dims] -> what to condition on; the rest counts as dropped.

        lengths [b]: how many of the k an item really has, where they differ.
        """
        k = codes.shape[1]
        tokens = self.embed(codes)
        if lengths is None and k == self.registers:
            return Condition(tokens, None)
        if lengths is None:
            lengths = torch.full(codes.shape[:1], k, device=codes.device)
        tokens = torch.cat([tokens, self.dropped.expand(len(tokens), 1, -1)], dim=1)
        absent = torch.arange(k, device=codes.device) >= lengths[:, None]
        bias = torch.zeros(absent.shape, device=codes.device).masked_fill(absent, -math.inf)
        dropped = (self.registers - lengths).float().log()[:, None]  # log 0 = -inf: none dropped
        return Condition(tokens, torch.cat([bias, dropped], dim=1))

    def unconditional(self, items: int) -> Condition:
        """All registers replaced by the learned null vector."""
        bias = self.null.new_full((items, 1), math.log(self.registers), dtype=torch.float32)
        return Condition(self.null.expand(items, 1, -1), bias)

    def modulations(self, times: Tensor) -> list[Tensor]:
        """Modulations of every block and of the head at times [b] in 0..1, each [b, n, width]."""
        embedded = F.silu(self.time(times))
        parts = [block.get_submodule("modulation") for block in self.blocks]
        return [part(embedded) for part in (*parts, self.modulation)]

    def forward(self, noised: Tensor, condition: Condition, modulations: list[Tensor]) -> Tensor:
        """Noised latents [b, c, h, w] -> velocity [b, c, h, w].

        modulations: from ``modulations``, with one row for all items or one row per item.
        """
        x = torch.cat([self.patches(noised), condition.tokens], dim=1)
        patches = x.shape[1] - condition.tokens.shape[1]
        bias = condition.bias
        if bias is not None:
            bias = F.pad(bias, (patches, 0)).to(x.dtype)[:, None, None]
        for block, modulation in zip(self.blocks, modulations[:-1], strict=True):
            x = block(x, patches, modulation, bias, patches_only=block is self.blocks[-1])
        shift, scale = modulations[-1].unbind(1)
        out = self.head(torch.addcmul(shift[:, None], norm(x), 1 + scale[:, None]))
        return unpatchify(out, self.patches.patch, noised.shape[-2] // self.patches.patch)
