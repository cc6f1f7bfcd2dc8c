"""Cutting a sound into segments that overlap, and putting decoded ones together."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .config import Segments


def cut(sound: Tensor, segments: Segments | None, hop: int) -> list[Tensor]:
    """[item, channels, samples] -> the segments; all but the last have as many positions.

    A last segment is left out if the one before it, which covers it, lacks a position itself
    (of 48 kHz: 1 to 160 samples behind the segment's start); ids could not say where it begins.
    """
    if segments is None:
        return [sound]
    starts = range(0, sound.shape[-1], segments.advance)
    pieces = [sound[..., start : start + segments.length] for start in starts]
    positions = [-(-piece.shape[-1] // hop) for piece in pieces]
    if len(pieces) > 1 and positions[-2] < -(-segments.length // hop):
        pieces.pop()
    return pieces


def loudness(piece: Tensor) -> Tensor:
    """Root mean square [item] of the mean of all channels, never zero."""
    return piece.mean(1).square().mean(-1).sqrt() + 1e-8


def apart(network: Callable[[Tensor], Tensor], given: Tensor) -> Tensor:
    """A network with norms over a whole segment, on one of a single position too.

    For one item with one step of time torch refuses to normalise, although it has many channels;
    two of the same are welcome.
    """
    if given.shape[0] > 1:
        return network(given)
    return network(given.expand(2, -1, -1))[:1]


def overlap_add(pieces: Sequence[Tensor], advance: int) -> Tensor:
    """Segments [item, channels, samples] -> one sound, cross-faded by triangles."""
    total = advance * (len(pieces) - 1) + pieces[-1].shape[-1]
    first = pieces[0]
    ramp = torch.linspace(0, 1, first.shape[-1] + 2, device=first.device, dtype=first.dtype)[1:-1]
    weight = 0.5 - (ramp - 0.5).abs()
    sound, weights = first.new_zeros(*first.shape[:-1], total), first.new_zeros(total)
    for number, piece in enumerate(pieces):
        place = slice(number * advance, number * advance + piece.shape[-1])
        sound[..., place] += weight[: piece.shape[-1]] * piece
        weights[place] += weight[: piece.shape[-1]]
    return sound / weights
