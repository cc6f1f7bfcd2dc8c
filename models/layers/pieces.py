"""Layers near the sound, computed in pieces: activations are largest there.

A tensor of some megabytes stays in the processor's cache from one layer to the next; that of a
batch, or of a minute, does not, and takes up to twice as long. Memory stays bounded, too.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from .over_time import Layers, Memory, uneven

CACHE = 2**22  # numbers of one tensor that the CPU's caches hold
DEVICE = 2**28  # and what other devices take at once


class PiecedLayers(Layers):
    """Layers of which some run in pieces, where no gradients are asked for.

    ``near`` says which, ``width`` how many numbers their largest tensor has for one item and step
    of what goes into them.
    """

    def __init__(self, layers: Sequence[nn.Module], near: slice, width: int) -> None:
        super().__init__(*layers)
        self.near = near
        self.width = width

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[item, channel, time] -> what the last layer gives."""
        if torch.is_grad_enabled():
            return super().forward(input, lengths)
        x, layers = input, list(self)
        start, stop, _ = self.near.indices(len(layers))
        for part, pieced in (
            (Layers(*layers[:start]), False),
            (Layers(*layers[start:stop]), True),
            (Layers(*layers[stop:]), False),
        ):
            x = in_pieces(part, x, lengths, self.width) if pieced else part(x, lengths)
            lengths = None if lengths is None else part.after(lengths)
        return x


def in_pieces(layers: Layers, x: Tensor, lengths: Tensor | None, width: int) -> Tensor:
    """``layers(x, lengths)``, with zeros behind the items' ends.

    Args:
        layers: all with a ``step``.
        x: [item, channel, time]
        lengths: [item], None: all of time.
        width: numbers per item and step of ``x`` in the largest tensor of the layers.
    """
    most = max(1, (CACHE if x.device.type == "cpu" else DEVICE) // width)
    if len(x) * x.shape[-1] <= most:
        return layers(x, lengths)
    if lengths is None:
        lengths = torch.full((len(x),), x.shape[-1], device=x.device)
    found: list[Tensor] = []  # [time, channel]
    for group in _groups(lengths.tolist(), most):
        ends = lengths[group]
        part = x[group, :, : int(ends.max())]
        stepped = part.shape[-1] > most
        out = _stepped(layers, part, most) if stepped else layers(part, uneven(ends, part))
        sizes = layers.after(ends).tolist()
        found += [row[:, :size].T for row, size in zip(out, sizes, strict=True)]
    return pad_sequence(found, batch_first=True).transpose(1, 2)


def _groups(ends: list[int], most: int) -> Iterator[slice]:
    """Neighbours that fit into one piece together; an item alone that is longer than one."""
    start = 0
    for stop in range(1, len(ends) + 1):
        if stop == len(ends) or (stop + 1 - start) * max(ends[start : stop + 1]) > most:
            yield slice(start, stop)
            start = stop


def _stepped(layers: Layers, x: Tensor, most: int) -> Tensor:
    """One item after another piece: [1, channel, time] -> [1, channel, time]."""
    memory: Memory = {}
    pieces = x.split(most, dim=-1)
    found = [
        layers.step(piece, memory, last=number == len(pieces) - 1).transpose(1, 2)
        for number, piece in enumerate(pieces)
    ]
    return torch.cat(found, dim=1).transpose(1, 2)
