"""Layers that mix time, told how long each item of a padded batch is."""

from typing import Any, cast

import torch
from torch import Tensor, nn

Memory = dict[nn.Module, Any]
"""What layers keep between the pieces of one sound; empty before the first."""


class OverTime(nn.Module):
    """A layer whose output at one time depends on others; tensors are [item, channel, time].

    ``forward(x, lengths)`` gives item i what it would get alone: ``lengths`` int64 [item] is how
    much of the time axis of ``x`` belongs to each, what stands beyond is neither used nor defined
    (but finite). None: all of it does.
    """

    def after(self, lengths: Tensor) -> Tensor:
        """The items' lengths behind this layer."""
        return lengths

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece of a sound, maybe empty; see ``streaming``."""
        raise NotImplementedError(f"{type(self).__name__} needs the whole sound")


class Layers(nn.Sequential):
    """Layers one after another, of which those that mix time are told the lengths."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, channel, time] -> what the last layer gives."""
        x = input
        for layer in self:
            if isinstance(layer, OverTime):
                x = cast(Tensor, layer(x, lengths))
                lengths = None if lengths is None else layer.after(lengths)
            else:
                x = layer(x)
        return x

    def after(self, lengths: Tensor) -> Tensor:
        """The items' lengths behind all layers."""
        for layer in self:
            lengths = layer.after(lengths) if isinstance(layer, OverTime) else lengths
        return lengths

    def step(self, x: Tensor, memory: Memory, last: bool = False) -> Tensor:
        """Go on with the next piece of a sound, maybe empty; see ``streaming``."""
        for layer in self:
            x = layer.step(x, memory, last) if isinstance(layer, OverTime) else layer(x)
        return x


def beyond(x: Tensor, lengths: Tensor) -> Tensor:
    """bool [item, 1, time]: what of [item, channel, time] belongs to no item."""
    return torch.arange(x.shape[-1], device=x.device) >= lengths[:, None, None]


def cleared(x: Tensor, lengths: Tensor | None) -> Tensor:
    """[item, channel, time] with zeros behind each item's end."""
    return x if lengths is None else x.masked_fill(beyond(x, lengths), 0)


def uneven(lengths: Tensor, x: Tensor) -> Tensor | None:
    """``lengths`` where some item is shorter than the time axis of ``x``, else None: all full."""
    return None if bool((lengths == x.shape[-1]).all()) else lengths
