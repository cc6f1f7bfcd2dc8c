"""Noise that depends on an item's seed alone: not on its batch, its device or its dtype."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import NotSupportedError


class Noise:
    """Where one call draws its random numbers from: on the CPU in fp32, one stream per item.

    ``seeds`` has one entry per item. ``given`` [item, ...] replaces the first draw.
    """

    def __init__(self, seeds: Sequence[int], given: Tensor | None = None) -> None:
        self.given = given
        self.streams = [torch.Generator().manual_seed(seed) for seed in seeds]

    def normal(self, shape: Sequence[int], device: torch.device) -> Tensor:
        """Standard normal numbers [item, *shape], fp32."""
        if self.given is not None:
            noise, self.given = self.given, None
            if noise.shape[1:] != torch.Size(shape):
                raise NotSupportedError(
                    f"noise has shape {list(noise.shape)}; expected [items, "
                    f"{', '.join(map(str, shape))}]"
                )
            return noise.to(device, torch.float32)
        draws = [torch.randn(tuple(shape), generator=stream) for stream in self.streams]
        return torch.stack(draws).to(device)


def item_seeds(seed: int | Sequence[int], items: int) -> list[int]:
    """One seed per item, from one for all or from a list of them."""
    seeds = [seed] * items if isinstance(seed, int) else [int(one) for one in seed]
    if len(seeds) != items:
        raise NotSupportedError(f"{len(seeds)} seeds for {items} items; pass one, or one per item")
    return seeds
