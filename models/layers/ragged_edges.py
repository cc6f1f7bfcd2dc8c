"""Layers of transformers' that mix time in other ways than by zeros, heeding ``ragged`` too."""

from typing import Any

import torch
from torch import Tensor, nn

from .lengths import each
from .ragged import lengths_at, record


class RaggedGroupNorm(nn.GroupNorm):
    """A group norm over time of [item, channel, time]: of each item's own time."""

    @classmethod
    def like(cls, norm: nn.GroupNorm) -> "RaggedGroupNorm":
        """With the parameters of another one."""
        found = cls(norm.num_groups, norm.num_channels, norm.eps, norm.affine)
        found.weight, found.bias = norm.weight, norm.bias
        return found

    def forward(self, input: Tensor) -> Tensor:
        """Shape kept; what stands behind an item's end becomes zero."""
        lengths = lengths_at(input.shape[-1])
        if lengths is None:
            return super().forward(input)
        return each(super().forward, input, torch.tensor(lengths))


def respect_ends(activation: Any) -> None:
    """Make an anti-aliased activation, which repeats what stands at the ends, heed ``ragged``.

    ``activation`` resamples by ``upsample`` to twice the steps and back by ``downsample``.
    """
    activation.upsample.register_forward_pre_hook(_before_up)
    activation.downsample.register_forward_pre_hook(_before_down)


def _before_up(_: nn.Module, given: tuple[Any, ...]) -> None:
    (x,) = given
    lengths = lengths_at(x.shape[-1])
    if lengths is not None:
        record(2 * x.shape[-1], [2 * n for n in lengths])
        _hold(x, lengths)


def _before_down(_: nn.Module, given: tuple[Any, ...]) -> None:
    (x,) = given
    lengths = lengths_at(x.shape[-1])
    if lengths is not None:
        _hold(x, lengths)


def _hold(x: Tensor, lengths: list[int]) -> None:
    """Go on with each item's last value behind its end, in place: nothing of an item changes."""
    for item, length in enumerate(lengths):
        x[item, :, length:] = x[item, :, length - 1 : length]
