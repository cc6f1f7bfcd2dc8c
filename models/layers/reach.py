"""Long sounds through convolutions that look ahead: in pieces that overlap, with equal results.

How far an output reaches into the input follows from the layers' kernels, strides and paddings. A
piece is computed with that much around it, and only what saw all that it depends on is kept.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class Reach:
    """What blocks of input that only go together become, and what they depend on."""

    block: int
    """Steps of input in a block."""
    grown: int
    """Steps of output per block."""
    before: int
    """Blocks before one that its output depends on."""
    behind: int
    """Blocks behind one that its output depends on."""


def reach(layers: Iterable[nn.Module], block: int, grown: int) -> Reach:
    """The reach of layers one behind another; a branch around some of them sees no more.

    Those that count are convolutions, and layers with a ``window``, of which each window of so
    many steps sees itself only.
    """
    far = 1 << 20  # any block: one so far from the start that all its context is there
    first, last = far * grown, (far + 1) * grown  # of the output
    for layer in reversed([*layers]):
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            first, last = _needed(layer, first, last)
        elif window := getattr(layer, "window", None):
            first, last = first // window * window, -(-last // window) * window
    return Reach(block, grown, far - first // block, -(-last // block) - (far + 1))


def _needed(layer: nn.Conv1d | nn.ConvTranspose1d, first: int, last: int) -> tuple[int, int]:
    """The inputs first..last (exclusive) that outputs first..last depend on."""
    (kernel,), (stride,), (dilation,) = layer.kernel_size, layer.stride, layer.dilation
    padding = layer.padding[0]
    assert isinstance(padding, int)  # a number, not "same"
    span = (kernel - 1) * dilation + 1
    if isinstance(layer, nn.ConvTranspose1d):
        return -((span - 1 - first - padding) // stride), (last - 1 + padding) // stride + 1
    return first * stride - padding, (last - 1) * stride - padding + span


def in_pieces(
    network: Callable[[Tensor, int], Tensor], x: Tensor, reach: Reach, steps: int
) -> Iterator[Tensor]:
    """The output of a network for [item, channel, time], whole blocks, piece after piece.

    Each piece stands for about ``steps`` of input. ``network`` takes a stretch of the input and the
    time it begins at.
    """
    blocks, many = x.shape[-1] // reach.block, max(1, steps // reach.block)
    for start in range(0, blocks, many):
        stop = min(start + many, blocks)
        first, last = max(0, start - reach.before), min(blocks, stop + reach.behind)
        out = network(x[..., first * reach.block : last * reach.block], first * reach.block)
        end = None if stop == blocks else (stop - first) * reach.grown
        yield out[..., (start - first) * reach.grown : end]
