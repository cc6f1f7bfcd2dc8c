"""Sounds of any lengths, segment by segment: segments of one length go through together."""

from collections.abc import Callable

import torch
from torch import Tensor

from .config import EncodecConfig
from .segments import CrossFade, apart, batches_of, loudness, pieces_of, positions_of

Network = Callable[[Tensor], Tensor]


def encode_segments(
    encoder: Network, ids: Network, sounds: Tensor, lengths: Tensor, config: EncodecConfig
) -> tuple[list[Tensor], list[Tensor]]:
    """Sounds [item, channels, samples], which end at ``lengths`` -> per item ids and loudness.

    ``ids`` makes of latents [segment, width, position] whatever is wanted of them, of which the
    results [..., position] are the segments' one after another. Loudness is fp32 [segment].
    """
    assert config.segments is not None
    cuts = [pieces_of(n, config.segments, config.hop) for n in lengths.tolist()]
    places = [(item, piece) for item, pieces in enumerate(cuts) for piece in pieces]
    codes: list[Tensor] = [sounds] * len(places)
    scales: list[Tensor] = [sounds] * len(places)
    for rows in batches_of([piece.stop - piece.start for _, piece in places]):
        given = torch.stack([sounds[item, :, piece] for item, piece in (places[r] for r in rows)])
        scale = loudness(given)
        single = positions_of(places[rows[0]][1], config.hop) == 1
        found = ids(apart(encoder, given / scale[:, None, None], single))
        for row, one, loud in zip(rows, found, scale.float(), strict=True):
            codes[row], scales[row] = one, loud
    ends = torch.tensor([len(pieces) for pieces in cuts]).cumsum(0).tolist()
    spans = [slice(end - len(pieces), end) for end, pieces in zip(ends, cuts, strict=True)]
    return [torch.cat(codes[s], -1) for s in spans], [torch.stack(scales[s]) for s in spans]


def decode_segments(
    decoder: Network, codes: Tensor, scales: Tensor, lengths: Tensor, config: EncodecConfig
) -> list[Tensor]:
    """Codes [item, slot, position], which end at ``lengths``, and loudness -> a sound per item.

    ``decoder`` makes sound [segment, channels, samples] of codes [segment, slot, position].
    """
    assert config.segments is not None
    full = positions_of(slice(0, config.segments.length), config.hop)
    places = [
        (item, number, codes[item, :, start : min(start + full, length)])
        for item, length in enumerate(lengths.tolist())
        for number, start in enumerate(range(0, length, full))
    ]
    faded = [CrossFade(samples_of(n, config), config.segments) for n in lengths.tolist()]
    for rows in batches_of([ids.shape[-1] for _, _, ids in places]):
        given = torch.stack([places[row][2] for row in rows])
        found = apart(decoder, given, given.shape[-1] == 1)
        for row, one in zip(rows, found, strict=True):
            item, number, _ = places[row]
            faded[item].add(number, one * scales[item, number].to(one.dtype))
    return [one.whole() for one in faded]


def samples_of(positions: int, config: EncodecConfig) -> int:
    """Samples that so many positions, in segments, decode to."""
    assert config.segments is not None
    full = positions_of(slice(0, config.segments.length), config.hop)
    return (positions - 1) // full * config.segments.advance + (
        (positions - 1) % full + 1
    ) * config.hop
