"""Putting tensors of different sizes into one."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import TokenError


def grow(tensor: Tensor, shape: Sequence[int], value: float) -> Tensor:
    """``tensor`` padded with ``value`` at the end of each axis, up to ``shape``."""
    if tuple(tensor.shape) == tuple(shape):
        return tensor
    grown = tensor.new_full(tuple(shape), value)
    grown[tuple(slice(size) for size in tensor.shape)] = tensor
    return grown


def stack_ragged(parts: Sequence[Tensor], value: float) -> Tensor:
    """Tensors of as many axes each, padded with ``value`` to the largest, under a new first axis."""
    shape = [max(sizes) for sizes in zip(*(part.shape for part in parts), strict=True)]
    return torch.stack([grow(part, shape, value) for part in parts])


def pad_codes(items: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """One [slot, position] tensor per item -> (codes [item, slot, position], lengths [item]).

    Missing ids are -1. TokenError for no items or an item with other axes.
    """
    for i, item in enumerate(items):
        if item.ndim != 2:
            raise TokenError(f"item {i}: expected ids [slot, position], got shape {[*item.shape]}")
    if not items:
        raise TokenError("no items to put together")
    lengths = torch.tensor([item.shape[1] for item in items], device=items[0].device)
    return stack_ragged(items, -1), lengths
