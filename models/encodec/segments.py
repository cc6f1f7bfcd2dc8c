"""Cutting a sound into segments that overlap, and putting decoded ones together."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from .config import Segments

TOGETHER = 16  # segments that go through the networks at a time


def pieces_of(samples: int, segments: Segments, hop: int) -> list[slice]:
    """Where the segments of a sound lie; all but the last have as many positions.

    A last segment is left out if the one before it, which covers it, lacks a position itself
    (of 48 kHz: 1 to 160 samples behind the segment's start); ids could not say where it begins.
    """
    pieces = [
        slice(start, min(start + segments.length, samples))
        for start in range(0, samples, segments.advance)
    ]
    full = positions_of(slice(0, segments.length), hop)
    if len(pieces) > 1 and positions_of(pieces[-2], hop) < full:
        pieces.pop()
    return pieces


def positions_of(piece: slice, hop: int) -> int:
    """Positions of a segment."""
    return -((piece.start - piece.stop) // hop)


def batches_of(shapes: Sequence[int]) -> Iterator[list[int]]:
    """Indices of pieces of one length, as many as go through the networks together."""
    groups: dict[int, list[int]] = {}
    for index, length in enumerate(shapes):
        groups.setdefault(length, []).append(index)
    for indices in groups.values():
        for start in range(0, len(indices), TOGETHER):
            yield indices[start : start + TOGETHER]


def loudness(piece: Tensor) -> Tensor:
    """Root mean square [item] of the mean of all channels, never zero."""
    return piece.mean(1).square().mean(-1).sqrt() + 1e-8


def apart(network: Callable[[Tensor], Tensor], given: Tensor, single: bool) -> Tensor:
    """A network with norms over a whole segment, on a single one too.

    For one item with one step of time torch refuses to normalise, although it has many channels;
    two of the same are welcome.
    """
    if given.shape[0] > 1 or not single:
        return network(given)
    return network(given.expand(2, -1, -1))[:1]


class CrossFade:
    """One sound of segments [channels, samples] that overlap, cross-faded by triangles."""

    def __init__(self, samples: int, segments: Segments) -> None:
        self.samples, self.segments = samples, segments
        self.sound = self.weights = self.triangle = torch.empty(0)

    def add(self, number: int, piece: Tensor) -> None:
        """Put in a segment, the first being number 0; any order."""
        if not self.sound.numel():
            self.sound = piece.new_zeros(piece.shape[0], self.samples)
            self.weights = piece.new_zeros(self.samples)
            ramp = torch.linspace(0, 1, self.segments.length + 2)[1:-1]
            self.triangle = (0.5 - (ramp - 0.5).abs()).to(piece)
        start, length = number * self.segments.advance, piece.shape[-1]
        weight = self.triangle[:length]
        self.sound[:, start : start + length] += weight * piece
        self.weights[start : start + length] += weight

    def whole(self) -> Tensor:
        """The sound, once all segments are in."""
        return self.sound.div_(self.weights)
