"""The parts both FlexTok trunks are made of: attention, gated MLP, norm, patches, positions.

Source: upstream ``flextok/model/layers`` and ``trunks`` (apple/ml-flextok 87d00cc).
"""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

NORM_EPS = 1e-5


def norm(x: Tensor) -> Tensor:
    """Layer norm over the last axis without weights, in fp32 whatever the input is."""
    return F.layer_norm(x.float(), x.shape[-1:], eps=NORM_EPS).to(x.dtype)


class Attention(nn.Module):
    """Multi-head attention with normalised queries and keys and muP's scale 8 / head_dim."""

    def __init__(self, width: int, head_dim: int) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.scale = 8 / head_dim  # equals 1/sqrt(head_dim) only for 64
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def split(self, x: Tensor) -> Tensor:
        """[b, n, heads*dim] -> [b, n, heads, dim]."""
        return x.unflatten(-1, (-1, self.head_dim))

    def queries(self, x: Tensor) -> Tensor:
        """Normalised queries [b, heads, n, dim]."""
        return norm(self.split(self.query(x))).transpose(1, 2)  # norm first: saves a copy

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised keys and plain values, each [b, heads, n, dim]."""
        keys, values = norm(self.split(self.key(x))), self.split(self.value(x))
        return keys.transpose(1, 2), values.transpose(1, 2)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
        """Weighted values [b, n, width], before the output projection."""
        if q.device.type == "cpu" and torch.is_autocast_enabled("cpu"):
            # Training under autocast: the fused kernel's backward is seven times slower in bf16.
            q, k, v = q.float(), k.float(), v.float()
            mask = mask.float() if mask is not None and mask.is_floating_point() else mask
        with torch.autocast(q.device.type, enabled=False):
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=self.scale)
        return rearrange(mixed, "b h n d -> b n (h d)")


class GatedMLP(nn.Module):
    """fc2(silu(fc1 x) * fc3 x), no biases; hidden size two thirds of ``ratio`` widths."""

    def __init__(self, width: int, ratio: float) -> None:
        super().__init__()
        hidden = int(2 * int(width * ratio) / 3)
        self.fc1 = nn.Linear(width, hidden, bias=False)
        self.fc2 = nn.Linear(hidden, width, bias=False)
        self.fc3 = nn.Linear(width, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> [..., width]."""
        in_place = not torch.is_grad_enabled()  # saves time and memory where nothing is trained
        gate = F.silu(self.fc1(x), inplace=in_place)
        value = self.fc3(x)
        return self.fc2(gate.mul_(value) if in_place else gate * value)


class PatchEmbedding(nn.Module):
    """Latents [b, c, h, w] -> patch tokens [b, n, width], row-major, with their positions."""

    def __init__(self, channels: int, patch: int, width: int, max_grid: int) -> None:
        super().__init__()
        self.patch = patch
        self.project = nn.Linear(channels * patch * patch, width)
        self.register_buffer("positions", sincos_table(width, max_grid))
        self.positions: Tensor

    def forward(self, latents: Tensor) -> Tensor:
        """Embed and add positions; a smaller grid takes the table's top-left corner."""
        rows, columns = latents.shape[-2] // self.patch, latents.shape[-1] // self.patch
        positions = self.positions[..., :rows, :columns].flatten(2).transpose(1, 2)
        return self.project(patchify(latents, self.patch)) + positions


def patchify(latents: Tensor, patch: int) -> Tensor:
    """[b, c, h, w] -> [b, n, patch*patch*c], channel fastest."""
    return rearrange(latents, "b c (h p) (w q) -> b (h w) (p q c)", p=patch, q=patch)


def unpatchify(patches: Tensor, patch: int, rows: int) -> Tensor:
    """Inverse of ``patchify`` for a grid of ``rows`` rows."""
    return rearrange(patches, "b (h w) (p q c) -> b c (h p) (w q)", p=patch, q=patch, h=rows)


def sincos_table(width: int, side: int) -> Tensor:
    """Fixed positions [1, width, side, side]: sines and cosines of row, then of column."""
    frequencies = 10000.0 ** -(torch.arange(width // 4) / (width / 4))
    angles = torch.arange(side)[:, None] * frequencies  # [side, width/4]
    waves = torch.cat([angles.sin(), angles.cos()], dim=1).T  # [width/2, side]
    by_row = waves[:, :, None].expand(-1, -1, side)
    by_column = waves[:, None, :].expand(-1, side, -1)
    return torch.cat([by_row, by_column])[None]
