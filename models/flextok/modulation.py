"""Time embedding and adaptive layer-norm modulation of the flow decoder.

Source: upstream ``TimestepEmbedder`` and adaLN layers (apple/ml-flextok 87d00cc), after DiT.
"""

import math

import torch
from torch import Tensor, nn

MAX_PERIOD = 256.0  # upstream passes its frequency size here; DiT's usual value is 10000


class TimeEmbedding(nn.Module):
    """Times [b] in 0..1 (1 is noise) -> [b, width]."""

    def __init__(self, width: int, frequency_size: int, max_timestep: float) -> None:
        super().__init__()
        self.frequency_size = frequency_size
        self.max_timestep = max_timestep
        self.mlp = nn.Sequential(
            nn.Linear(frequency_size, width), nn.SiLU(), nn.Linear(width, width)
        )

    def forward(self, times: Tensor) -> Tensor:
        """Cosines, then sines, through a small MLP."""
        half = self.frequency_size // 2
        index = torch.arange(half, device=times.device, dtype=torch.float32)
        frequencies = torch.exp(-math.log(MAX_PERIOD) * index / half) * (1000 / self.max_timestep)
        angles = times.float()[:, None] * frequencies
        waves = torch.cat([angles.cos(), angles.sin()], dim=-1)
        return self.mlp(waves.to(next(self.mlp.parameters()).dtype))


class Modulation(nn.Module):
    """Activated time embedding [b, width] -> ``count`` rows [b, count, width], zero at birth."""

    def __init__(self, width: int, count: int, rank: int | None = None) -> None:
        super().__init__()
        self.count = count
        last = nn.Linear(rank or width, count * width)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.project = (
            last if rank is None else nn.Sequential(nn.Linear(width, rank, bias=False), last)
        )

    def forward(self, activated: Tensor) -> Tensor:
        """[b, width] -> [b, count, width]."""
        return self.project(activated).unflatten(-1, (self.count, -1))
