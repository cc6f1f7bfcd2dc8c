"""Convolutions over sounds of different lengths in one tensor: each item as if it were alone.

A convolution that pads with zeros sees zeros behind the end of a sound. In a batch the shorter
sounds are followed by what earlier layers made of the padding (a bias at least), so that
must be cleared before each convolution. Networks stay as they are: ``respect_lengths`` hooks their
convolutions once, ``ragged`` says for the duration of a call where each item ends.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import torch
from torch import Tensor, nn

_sizes: ContextVar[dict[int, list[int]] | None] = ContextVar("ragged", default=None)


@contextmanager
def ragged(lengths: Tensor | Sequence[int], time: int) -> Iterator[None]:
    """Within, tensors of ``time`` steps hold items of ``lengths`` steps [item].

    Calls in other threads and tasks do not see it. Items that are all as long cost nothing.
    """
    steps = [int(n) for n in (lengths.tolist() if isinstance(lengths, Tensor) else lengths)]
    uneven = any(n != time for n in steps)
    token = _sizes.set({time: steps} if uneven else None)
    try:
        yield
    finally:
        _sizes.reset(token)


def lengths_at(time: int) -> list[int] | None:
    """Where each item ends in a tensor of ``time`` steps; None where all are full."""
    sizes = _sizes.get()
    if sizes is None:
        return None
    if time not in sizes:
        raise RuntimeError(f"nobody said where items end in {time} steps, only in {[*sizes]}")
    return sizes[time]


def record(time: int, lengths: list[int]) -> None:
    """Say where each item ends after a layer of one's own that changes the number of steps."""
    sizes = _sizes.get()
    if sizes is not None and sizes.setdefault(time, lengths) != lengths:
        raise RuntimeError(f"{time} steps hold items of {sizes[time]} and of {lengths} steps")


def cut(batch: Tensor) -> list[Tensor]:
    """The items of a batch [item, channel, time], each as far as it reaches."""
    ends = lengths_at(batch.shape[-1]) or [batch.shape[-1]] * len(batch)
    return [item[:, :end] for item, end in zip(batch, ends, strict=True)]


def cleared(x: Tensor, lengths: Sequence[int]) -> Tensor:
    """[item, channel, time] with zeros behind each item's end; in place where no gradient flows."""
    if torch.is_grad_enabled() and x.requires_grad:
        x = x.clone()
    for item, length in enumerate(lengths):
        x[item, :, length:] = 0
    return x


def respect_lengths(network: nn.Module) -> None:
    """Make every convolution over time in ``network``, padding with zeros, heed ``ragged``."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            layer.register_forward_pre_hook(_clear)


def _clear(layer: nn.Conv1d | nn.ConvTranspose1d, given: tuple[Any, ...]) -> tuple[Tensor] | None:
    (x,) = given
    lengths = lengths_at(x.shape[-1])
    if lengths is None:
        return None
    record(out_length(layer, x.shape[-1]), [out_length(layer, n) for n in lengths])
    return (cleared(x, lengths),)


def out_length(layer: nn.Conv1d | nn.ConvTranspose1d, length: int) -> int:
    """Steps that a convolution makes of ``length``. Source: torch's documentation of both."""
    (kernel,), (stride,), (dilation,) = layer.kernel_size, layer.stride, layer.dilation
    (padding,) = cast(tuple[int], layer.padding)  # numbers, not "same"
    span = dilation * (kernel - 1)
    if isinstance(layer, nn.ConvTranspose1d):
        (more,) = layer.output_padding
        return (length - 1) * stride - 2 * padding + span + more + 1
    return (length + 2 * padding - span - 1) // stride + 1
