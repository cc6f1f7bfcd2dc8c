"""What ``Tokenizer.decode`` does: Tokens -> batches that fit together -> media at their scale."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from tqdm import tqdm

from ..tokens import Tokens
from .batching import grouped, grouped_by_length
from .noise import Noise
from .precision import full_fp32

if TYPE_CHECKING:
    from ..family import Family


def decode_tokens(
    tok: "Family",
    tokens: Tokens,
    *,
    seeds: Sequence[int],
    noise: Tensor | None,
    native: bool,
    batch_size: int | None,
    progress: bool,
    options: Mapping[str, object],
) -> list[Tensor]:
    """One media tensor per item, on the CPU, in the order of the items.

    Of items that are longer than the family's window each window is decoded by itself; those of no
    positions do not meet the networks.
    """
    rows = list(range(len(tokens)))  # the item of each window
    if tok.window is not None and bool((tokens.lengths > tok.window).any()):
        tokens, rows = _windows(tokens, tok.window)
        seeds, noise = [seeds[row] for row in rows], None if noise is None else noise[rows]
    results: dict[int, Tensor] = {}
    with tqdm(total=len(tokens), desc=f"{tok.name} decode", disable=not progress) as bar:
        for batch in _batches(tok, tokens, batch_size):
            part = tokens[batch].to(tok.device)
            draws = Noise([seeds[i] for i in batch], None if noise is None else noise[batch])
            if not bool(part.lengths.any()):
                decoded = [tok.nothing(rows[place]) for place in batch]
            else:
                with full_fp32(tok.device):
                    decoded = _decoded(tok, part, noise=draws, **options)
            for place, item, origin in zip(batch, decoded, part.origin, strict=True):
                results[place] = tok.restore(item, origin, native).cpu()
            bar.update(len(batch))
    own = [list(places) for _, places in groupby(range(len(rows)), key=rows.__getitem__)]
    return [_in_time([results.pop(place) for place in places]) for places in own]


def _decoded(tok: "Family", part: Tokens, **keywords: Any) -> Tensor | Sequence[Tensor]:
    slots, length = int(part.slot_counts.max()), int(part.lengths.max())
    codes = part.codes[:, :slots, :length]
    keywords |= {"lengths": part.lengths, "grid": part.grid, "extras": part.extras}
    if len(part) == 1 and tok.is_long(length, "decode"):
        found = tok._decode_long(codes, **keywords)
        if found is not None:
            return [found]
    return tok._decode(codes, **keywords)


def _in_time(windows: list[Tensor]) -> Tensor:
    return windows[0] if len(windows) == 1 else torch.cat(windows)


def _windows(tokens: Tokens, size: int) -> tuple[Tokens, list[int]]:
    """Every item cut into windows of ``size`` positions, and the item that each is of."""
    pieces, rows = [], []
    for row, length in enumerate(tokens.lengths.tolist()):
        for start in range(0, max(length, 1), size):
            stop = None if start + size >= length else start + size
            pieces.append(tokens[row].crop(start, stop))
            rows.append(row)
    return Tokens.cat(pieces), rows


def _batches(tok: "Family", tokens: Tokens, batch_size: int | None) -> Iterator[list[int]]:
    """Indices of the items that can be decoded together: all have positions, or none has."""
    grids = [None] * len(tokens) if tokens.grid is None else tokens.grid.tolist()
    lengths = tokens.lengths.tolist()
    alone = [row if tok.is_long(n, "decode") else None for row, n in enumerate(lengths)]
    keys = [
        (bool(length) if tok.mixed_lengths else length, slots, tuple(grid) if grid else None, long)
        for length, slots, grid, long in zip(
            lengths, tokens.slot_counts.tolist(), grids, alone, strict=True
        )
    ]
    if tok.mixed_lengths and tok.spec.order == "time":  # padding costs time there
        return grouped_by_length(keys, lengths, batch_size)
    return grouped(keys, batch_size)
