"""Taking a part of Tokens: some items, a quality, a stretch of time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, SupportsIndex

import numpy as np
import torch
from torch import Tensor

from ..errors import TokenError
from .check import as_list
from .checks import show, whole
from .extras import moved, shrink
from .origin import crop_origin
from .padding import stack_ragged

if TYPE_CHECKING:
    from .container import Tokens

Index = SupportsIndex | slice | Sequence[int] | Sequence[bool] | Tensor | np.ndarray


def take(tokens: "Tokens", index: Index) -> "Tokens":
    """The items that ``index`` names, in its order; always three axes."""
    rows = _rows(index, len(tokens))
    at = torch.tensor(rows, dtype=torch.int64, device=tokens.codes.device)
    sizes = {name: size[at] for name, size in tokens.axis_sizes.items()}
    return tokens.replace(
        codes=tokens.codes[at],
        lengths=tokens.lengths[at],
        grid=None if tokens.grid is None else tokens.grid[at],
        origin=[tokens.origin[row] for row in rows],
        extras={e.name: shrink(e, tokens.extras[e.name][at], sizes) for e in tokens.spec.extras},
    )


def _rows(index: Index, items: int) -> list[int]:
    if isinstance(index, slice):
        return list(range(items))[index]
    index = as_list(index)
    if isinstance(index, tuple):
        raise TypeError("tokens[...] selects items only; cut ids by prefix, crop or tokens.codes")
    chosen = index if isinstance(index, list | range) else [index]
    if isinstance(index, list) and index and all(isinstance(one, bool) for one in index):
        if len(chosen) != items:
            raise IndexError(f"a mask of {len(chosen)} for {items} items")
        return [row for row, taken in enumerate(chosen) if taken]
    rows = []
    for one in chosen:
        if isinstance(one, bool) or not isinstance(one, SupportsIndex):
            raise TypeError(f"tokens[{one!r}]: expected whole numbers, a slice or a mask")
        row = one.__index__()
        if not -items <= row < items:
            raise IndexError(f"item {row} of {items}")
        rows.append(row % items)
    return rows


def prefix(tokens: "Tokens", k: int | Sequence[int] | Tensor | np.ndarray) -> "Tokens":
    """See :meth:`Tokens.prefix`."""
    prefixes = tokens.spec.prefixes
    if prefixes is None:
        raise TokenError("prefix: the spec has none, decode needs every id of an item")
    given = as_list(k)
    qualities = given if isinstance(given, list | tuple | range) else [given] * len(tokens)
    if len(qualities) != len(tokens):
        raise TokenError(f"prefix: {len(qualities)} qualities for {len(tokens)} items")
    wanted = [prefixes.size_of(quality) for quality in qualities]

    on_slots = prefixes.axis == "slot"
    owned = (tokens.slot_counts if on_slots else tokens.lengths).tolist()
    for item, (size, own) in enumerate(zip(wanted, owned, strict=True)):
        if size > own and (own or not on_slots):  # an item of no positions has no slots to lack
            legal = show(
                v for v, s in zip(prefixes.values, prefixes.sizes, strict=True) if s <= own
            )
            raise TokenError(
                f"prefix {qualities[item]} of item {item} needs {size} {prefixes.axis}s, but the "
                f"item has {own}; legal here are {legal or 'none'}"
            )
    if wanted == owned:
        return tokens
    sizes = tokens.lengths.new_tensor(wanted)
    if not on_slots:
        return tokens.replace(lengths=sizes)
    slot = torch.arange(tokens.codes.shape[1], device=tokens.codes.device)
    gone = slot >= sizes[:, None]
    return tokens.replace(codes=tokens.codes.masked_fill(gone[:, :, None], -1))


def slot(tokens: "Tokens", name: str) -> Tensor:
    """See :meth:`Tokens.slot`."""
    number = tokens.spec.slot(name)
    if number >= tokens.codes.shape[1]:
        raise TokenError(f"slot {number}, {name}, was cut off: {tokens.codes.shape[1]} are left")
    return tokens.codes[:, number].clone()


def crop(tokens: "Tokens", start: int, stop: int | None) -> "Tokens":
    """See :meth:`Tokens.crop`."""
    spec, longest = tokens.spec, tokens.codes.shape[2]
    if spec.crop is None:
        raise TokenError("crop: the spec allows no cut in time; encode a shorter piece instead")
    start = whole(start, "start", 0)
    last = stop  # None: with all that lies behind the last position
    stop = max(start, longest) if stop is None else whole(stop, "stop", start)
    inner = [start] if bool((tokens.lengths > start).any()) else []
    inner += [stop] if bool((tokens.lengths > stop).any()) else []
    if any(at % spec.crop for at in inner):
        raise TokenError(f"crop({start}, {stop}): cuts are legal at multiples of {spec.crop}")

    lengths = tokens.lengths.clamp(start, stop) - start
    firsts, lasts = _frames(tokens, start), _frames(tokens, stop)
    grid = None if tokens.grid is None else tokens.grid.clone()
    if grid is not None:
        grid[:, 0] = lengths.new_tensor(lasts) - lengths.new_tensor(firsts)
    extras = {}
    for extra in spec.extras:
        given = tokens.extras[extra.name]
        if "frame" in extra.axes:
            axis = extra.axes.index("frame") - 1
            cut = [
                moved(extra, item, -start).narrow(axis, first, last - first)
                for item, first, last in zip(given, firsts, lasts, strict=True)
            ]
            extras[extra.name] = stack_ragged(cut, extra.neutral) if cut else given
            continue
        scale = spec.segment or 1 if "segment" in extra.axes else 1
        ends = slice(-(-start // scale), -(-stop // scale))
        time = {"position", "segment"}
        cuts = tuple(ends if axis in time else slice(None) for axis in extra.axes)
        extras[extra.name] = given[cuts]
    return tokens.replace(
        codes=tokens.codes[:, :, start:stop],
        lengths=lengths,
        grid=grid,
        origin=[
            origin and crop_origin(origin, spec, length, start, last)
            for origin, length in zip(tokens.origin, tokens.lengths.tolist(), strict=True)
        ],
        extras=extras,
    )


def _frames(tokens: "Tokens", position: int) -> list[int]:
    """How many rows t of each item's grid lie before a position."""
    frames: list[int] = []
    lengths, grid = tokens.lengths.tolist(), tokens.grid
    for item, length in enumerate(lengths):
        rows = 0 if grid is None else int(grid[item, 0])
        before, rest = divmod(rows * min(position, length), length or 1)
        if rest:
            raise TokenError(
                f"crop at {position}: item {item} has {rows} frames in {length} positions, so the "
                "cut would go through a frame"
            )
        frames.append(before)
    return frames
