"""Codes as flat streams of ids for language models, and back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..errors import TokenError
from .check import as_list, first, integers
from .checks import whole, word
from .layout import Layout
from .spec import TokenSpec
from .stream_shape import exact, trimmed

if TYPE_CHECKING:
    from .container import Tokens

Stream = Tensor | np.ndarray | Sequence[int]
DEFAULT = Layout()


def ids(tokens: "Tokens", layout: Layout) -> list[Tensor]:
    """See :meth:`Tokens.ids`."""
    starts = tokens.codes.new_tensor(layout.starts(tokens.spec))
    streams = []
    for item, (slots, positions) in enumerate(
        zip(tokens.slot_counts.tolist(), tokens.lengths.tolist(), strict=True)
    ):
        codes = tokens.codes[item, :slots, :positions]
        shifted = codes + starts[:slots, None]
        if bool((codes < 0).any()):
            if layout.fill is None:
                raise TokenError(f"fill: item {item} has holes; say which id stands in them")
            shifted = shifted.masked_fill(codes < 0, layout.fill)
        body = codes.new_full((layout.total(slots, positions),), layout.fill or 0)
        body[layout.places(slots, positions).to(codes.device)] = shifted
        marks = [codes.new_tensor([] if m is None else [m]) for m in (layout.begin, layout.end)]
        streams.append(torch.cat([marks[0], body, marks[1]]))
    return streams


def codes_from_ids(
    streams: Sequence[Stream] | Tensor | np.ndarray,
    spec: TokenSpec,
    layout: Layout = DEFAULT,
    *,
    prefix: int | Sequence[int] | None = None,
    positions: int | Sequence[int] | None = None,
    errors: str = "strict",
) -> list[Tensor]:
    """Streams of :meth:`Tokens.ids`, one per item -> int64 [slot, position] of each.

    ``prefix``, one or one per item, is the quality of the streams (default: all slots and any
    length the spec allows). ``positions``, one or one per item, is the length where it is known;
    the number of slots then follows from it. :func:`pad_codes` makes a batch of the result.

    ``errors="strict"``: a stream holds whole positions, a length the spec allows, and its begin
    and end. "trim": what stands before ``begin`` and from ``end`` on is dropped, then the shortest
    tail that leaves a legal length: of positions, in order "delay" from the first fill on, in
    order "slot" of whole slots, for which the length must be known. In both, an id outside its
    slot's range is a TokenError with item and place.
    """
    layout.starts(spec)  # checks
    trim = word(errors, "errors", ("strict", "trim")) == "trim"
    rows = [integers(stream, f"item {i}", "id") for i, stream in enumerate(streams)]
    qualities = _each(prefix, len(rows), "prefix")
    lengths = _each(positions, len(rows), "positions")
    return [
        _read(row, f"item {i}", layout, spec, qualities[i], lengths[i], trim)
        for i, row in enumerate(rows)
    ]


def _each(value: int | Sequence[int] | None, items: int, name: str) -> Sequence[int | None]:
    value = as_list(value)
    if not isinstance(value, Sequence):
        return [value] * items
    if len(value) != items:
        raise TokenError(f"{name}: {len(value)} of them for {items} streams")
    return value


def _read(
    stream: Tensor,
    item: str,
    layout: Layout,
    spec: TokenSpec,
    prefix: int | None,
    positions: int | None,
    trim: bool,
) -> Tensor:
    """One stream -> codes [slot, position]."""
    before, body = _unwrap(stream, item, layout, trim)
    widths = spec.slot_sizes
    legal = spec.position_sizes if positions is None else (whole(positions, "positions", 0),)
    if prefix is not None:
        if spec.prefixes is None:
            raise TokenError("prefix: these ids have no prefixes")
        size = spec.prefixes.size_of(prefix)
        widths = (size,) if spec.prefixes.axis == "slot" else widths
        legal = (size,) if spec.prefixes.axis == "position" else legal
    if trim:
        slots, length = trimmed(body, item, layout, widths, legal, spec.holes)
    else:
        slots, length = exact(len(body), item, layout, widths, legal)

    places = layout.places(slots, length).to(body.device)
    found = body[places]
    starts = body.new_tensor(layout.starts(spec)[:slots])[:, None]
    sizes = body.new_tensor(spec.vocab_sizes[:slots])[:, None]
    holes = torch.zeros_like(found, dtype=torch.bool)
    if spec.holes and layout.fill is not None:
        holes = found == layout.fill
    codes = (found - starts).masked_fill(holes, -1)
    if where := first(((codes < 0) & ~holes) | (codes >= sizes)):
        s, p = where
        low = int(starts[s])
        raise TokenError(
            f"{item}: id {found[s, p]} at place {before + int(places[s, p])} (slot {s}, position "
            f"{p}); legal are {low}..{low + int(sizes[s]) - 1}"
        )
    if layout.order == "delay" and not trim:
        gaps = torch.ones_like(body, dtype=torch.bool)
        gaps[places] = False
        if where := first(gaps & (body != layout.fill)):
            place = where[0]
            raise TokenError(
                f"{item}: id {body[place]} at place {before + place}, a gap of order "
                f"{layout.order!r}; expected fill {layout.fill}"
            )
    return codes


def _unwrap(stream: Tensor, item: str, layout: Layout, trim: bool) -> tuple[int, Tensor]:
    """How many ids stand before the body, and the body."""
    low, high = 0, len(stream)
    if layout.begin is not None:
        found = stream == layout.begin
        if trim:
            low = int(found.nonzero()[0]) + 1 if found.any() else 0
        elif high and found[0]:
            low = 1
        else:
            raise TokenError(f"{item}: starts with {stream[:1].tolist()}, not begin {layout.begin}")
    if layout.end is not None:
        found = stream[low:] == layout.end
        if trim:
            high = low + int(found.nonzero()[0]) if found.any() else high
        elif high > low and found[-1]:
            high -= 1
        else:
            raise TokenError(f"{item}: ends with {stream[-1:].tolist()}, not end {layout.end}")
    return low, stream[low:high]
