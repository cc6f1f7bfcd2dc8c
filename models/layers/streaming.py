"""Layers over a sound that comes in pieces: what one step keeps for the next.

Every layer that mixes time has ``step(x, memory, last)``. The steps' outputs one after another are
what ``forward`` makes of the whole, whatever the pieces: a step gives what is final (maybe nothing)
and keeps in ``memory`` what later output needs; with ``last`` it gives the rest. Nothing is kept in
the layers, so any number of sounds can be under way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from .inner_conv import transposed
from .over_time import Memory
from .windows import over_windows

MUCH = 4  # times as large as what is kept of it: so short steps copy nothing


class Windowed(Protocol):
    """A convolution and what it sees beyond the ends of a sound."""

    conv: nn.Conv1d
    before: int
    """Samples filled in ahead of the sound."""
    need: int
    """Samples that must have come before ``fill`` knows what stands ahead of them."""

    def end(self, length: int) -> int:
        """Samples filled in behind a sound of ``length``."""
        ...

    def fill(self, x: Tensor, before: int, end: int) -> Tensor:
        """Fill in so many at the ends of [item, channel, time]."""
        ...


@dataclass
class Held:
    """Of a convolution: input that later output needs."""

    x: Tensor
    conv: Callable[[Tensor], Tensor]
    past: int = 0  # samples at its front that only filling the end still needs
    total: int = 0
    started: bool = False


def conv_step(layer: Windowed, key: nn.Module, x: Tensor, memory: Memory, last: bool) -> Tensor:
    """A convolution's step; [item, channel, time] of any time, 0 too."""
    conv = layer.conv
    (kernel,), (stride,), (dilation,) = conv.kernel_size, conv.stride, conv.dilation
    span = (kernel - 1) * dilation + 1
    held = memory.get(key)
    if held is None:
        held = memory[key] = Held(x[..., :0], over_windows(conv))
    if span == stride == 1:
        return held.conv(x) if x.shape[-1] else nothing(x, conv.out_channels)
    held.total += x.shape[-1]
    x = joined([held.x, x]) if held.x.shape[-1] else x
    if not held.started:
        if last and held.total:  # the whole sound, in this one step
            return held.conv(layer.fill(x, layer.before, layer.end(held.total)))
        if last or held.total < max(1, layer.need):
            held.x = x
            return nothing(x, conv.out_channels)
        x, held.started = layer.fill(x, layer.before, 0), True
    if last:
        x = layer.fill(x, 0, layer.end(held.total))
    count = max(0, (x.shape[-1] - held.past - span) // stride + 1)
    used = held.past + count * stride
    given = x[..., held.past : used - stride + span]
    held.past = min(used, stride - 1)
    held.x = apart(x[..., used - held.past :], x)
    return held.conv(given) if count else nothing(x, conv.out_channels)


def transposed_step(
    conv: nn.ConvTranspose1d, x: Tensor, memory: Memory, last: bool, before: int
) -> Tensor:
    """The step of a transposed convolution of kernel 2 strides, cut to time * stride.

    ``before``: what is cut at the start. Windows overlap by one stride; their sum is final when
    the next one has come.
    """
    overlap = memory.get(conv)
    parts = []
    if x.shape[-1]:
        grown, rest = transposed(x, conv, overlap)
        memory[conv] = apart(rest, grown)
        parts.append(grown[..., before:] if overlap is None else grown)
        overlap = memory[conv]
    if last and overlap is not None:
        parts.append(overlap[..., :before])
    if not parts:
        return nothing(x, conv.out_channels)
    out = joined(parts)
    return out if conv.bias is None else out.add_(conv.bias[:, None])


def queued(key: nn.Module, x: Tensor, memory: Memory, count: int) -> Tensor:
    """The oldest ``count`` samples of those that have come for ``key``; the others wait."""
    waiting = memory.get(key)
    whole = x if waiting is None else joined([waiting, x])
    memory[key] = apart(whole[..., count:], whole) if count < whole.shape[-1] else None
    return whole[..., :count]


def whole_strides(key: nn.Module, x: Tensor, memory: Memory, last: bool, stride: int) -> Tensor:
    """As much of what has come for ``key`` as a layer of that stride can use; the rest waits.

    For a layer before it that costs about the same for a few samples as for one.
    """
    waiting = memory.get(key)
    there = x.shape[-1] + (0 if waiting is None else waiting.shape[-1])
    return queued(key, x, memory, there if last else there - there % stride)


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Pieces [item, channel, time] one after another, with channels innermost in memory."""
    if len(parts) == 1:
        return parts[0]
    return torch.cat([part.transpose(1, 2) for part in parts], dim=1).transpose(1, 2)


def apart(part: Tensor, whole: Tensor) -> Tensor:
    """A small part of a large piece, copied: kept as a view, it would keep the whole piece."""
    if MUCH * part.numel() > whole.numel():
        return part
    return part.transpose(1, 2).clone(memory_format=torch.contiguous_format).transpose(1, 2)


def nothing(x: Tensor, channels: int) -> Tensor:
    """[item, channels, 0]."""
    return x.new_zeros(len(x), channels, 0)
