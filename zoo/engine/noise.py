"""Noise that depends on an item's seed alone: not on its batch, its device or its dtype."""

from collections.abc import Sequence
from operator import index
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

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

    def normal_each(self, counts: Sequence[int], device: torch.device) -> Tensor:
        """``counts[i]`` numbers for item i [item, most], fp32; what stands behind is no noise.

        Noise that was given is as wide as the longest item of all needs.
        """
        most = max(counts)
        if self.given is not None:
            if self.given.ndim == 2 and self.given.shape[1] > most:
                self.given = self.given[:, :most]
            return self.normal((most,), device)
        draws = [
            torch.randn(count, generator=stream)
            for count, stream in zip(counts, self.streams, strict=True)
        ]
        return pad_sequence(draws, batch_first=True).to(device)


def item_seeds(seed: Any, items: int) -> list[int]:
    """One seed per item, from one for all or from a list, array or tensor of them.

    Raises:
        NotSupportedError: for anything but whole numbers of 64 bits, or another count of them.
    """
    given = seed.tolist() if hasattr(seed, "tolist") else seed
    try:
        several = isinstance(given, list | tuple | range)
        seeds = [index(one) for one in given] if several else [index(given)] * items
    except TypeError:
        raise NotSupportedError(
            f"seed={seed!r}: expected a whole number, or one per item"
        ) from None
    if len(seeds) != items:
        raise NotSupportedError(f"{len(seeds)} seeds for {items} items; pass one, or one per item")
    for one in seeds:
        if not -(2**63) <= one < 2**63:
            raise NotSupportedError(f"seed {one} does not fit into 64 bits")
    return seeds


def checked_noise(noise: Any, items: int) -> Tensor | None:
    """Noise that the caller drew, as a float tensor [item, ...].

    Raises:
        NotSupportedError: for another count of items, or values that are not finite numbers.
    """
    if noise is None:
        return None
    try:
        given = torch.as_tensor(noise)
    except (TypeError, ValueError, RuntimeError) as error:
        raise NotSupportedError(f"noise: expected a tensor [item, ...] ({error})") from None
    if not given.is_floating_point() or given.ndim < 1 or len(given) != items:
        raise NotSupportedError(
            f"noise of {given.dtype} and shape {list(given.shape)}: expected floats [{items}, ...]"
        )
    if not bool(torch.isfinite(given).all()):
        raise NotSupportedError("noise holds NaN or infinite values")
    return given
