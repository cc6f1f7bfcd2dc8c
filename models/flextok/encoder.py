"""Register encoder: image latents in, an ordered row of register vectors out.

Source: upstream ``encoder`` (apple/ml-flextok 87d00cc); FlexTok paper, section 3.

Patches attend to patches only; register i attends to all patches and to registers 0..i. So the
first k registers never depend on the rest, and k of them can be computed alone. Only registers
are read at the end, so the last block computes nothing else for patches than keys and values.
"""

import torch
from torch import Tensor, nn

from .layers import Attention, GatedMLP, PatchEmbedding, norm


class EncoderBlock(nn.Module):
    """Pre-norm attention and MLP over [patches | registers]."""

    def __init__(self, width: int, head_dim: int, mlp_ratio: float) -> None:
        super().__init__()
        self.attention = Attention(width, head_dim)
        self.mlp = GatedMLP(width, mlp_ratio)

    def forward(self, x: Tensor, patches: int, mask: Tensor, registers_only: bool) -> Tensor:
        """x [b, patches+k, width] -> same, or only its registers [b, k, width].

        ``mask`` [k, patches+k] is true where a register may look.
        """
        mixed = self._mix(norm(x), patches, mask, registers_only)
        x = (x[:, patches:] if registers_only else x) + mixed
        return x + self.mlp(norm(x))

    def _mix(self, y: Tensor, patches: int, mask: Tensor, registers_only: bool) -> Tensor:
        """Attention alone: its intermediate tensors are gone before the MLP's are made."""
        keys, values = self.attention.keys_values(y)
        queries = self.attention.queries(y[:, patches:] if registers_only else y)
        rows = [self.attention.attend(queries[:, :, -len(mask) :], keys, values, mask)]
        if not registers_only:
            own = (queries, keys, values)
            rows.insert(0, self.attention.attend(*(part[:, :, :patches] for part in own)))
        return self.attention.out(torch.cat(rows, dim=1))


class RegisterEncoder(nn.Module):
    """Latents [b, c, h, w] -> registers [b, k, width] -> vectors to quantise [b, k, dims]."""

    def __init__(
        self,
        patches: PatchEmbedding,
        width: int,
        registers: int,
        blocks: list[EncoderBlock],
        dims: int,
    ) -> None:
        super().__init__()
        self.patches = patches
        # As large as what attention adds, or all registers become one in the first block.
        self.registers = nn.Parameter(torch.randn(registers, width))
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Linear(width, dims)

    def forward(self, latents: Tensor, keep: int | None = None) -> Tensor:
        """Trunk outputs of the first ``keep`` registers (default all), [b, keep, width]."""
        patches = self.patches(latents)
        registers = self.registers[:keep].expand(len(latents), -1, -1)
        x = torch.cat([patches, registers.to(patches.dtype)], dim=1)
        count, k = patches.shape[1], registers.shape[1]
        mask = torch.ones(k, count + k, dtype=torch.bool, device=x.device).tril(count)
        for block in self.blocks:
            x = block(x, count, mask, registers_only=block is self.blocks[-1])
        return x

    def project(self, registers: Tensor) -> Tensor:
        """Registers [b, k, width] -> vectors before quantisation [b, k, dims]."""
        return self.head(norm(registers))
