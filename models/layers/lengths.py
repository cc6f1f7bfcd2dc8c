"""Batches of items of different lengths: what must be computed item by item."""

from collections.abc import Callable

import torch
from torch import Tensor


def each(layer: Callable[[Tensor], Tensor], x: Tensor, lengths: Tensor) -> Tensor:
    """A layer over [item, channel, time] on each item's own steps alone, with zeros behind them.

    For statistics over time: every item gets the very kernels that it gets alone.
    """
    out = torch.zeros_like(x)
    for item, length in enumerate(lengths.tolist()):
        out[item : item + 1, :, :length] = layer(x[item : item + 1, :, :length])
    return out
