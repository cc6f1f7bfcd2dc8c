"""Putting Tokens together: as more items, or as one stretch of time after another."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import TokenError
from .extras import moved, own_part
from .origin import join_origins
from .padding import grow, stack_ragged
from .spec import ExtraSpec

if TYPE_CHECKING:
    from .container import Tokens


def cat(pieces: Iterable["Tokens"]) -> "Tokens":
    """See :meth:`Tokens.cat`."""
    pieces = _alike(pieces, "cat")
    full = [piece for piece in pieces if len(piece)]
    if len(full) < 2:
        return full[0] if full else pieces[0]
    grids = [piece.grid for piece in full if piece.grid is not None]
    if len(grids) not in (0, len(full)) or len({grid.shape[1] for grid in grids}) > 1:
        raise TokenError("cat: some tokens have no grid, or one with other sides")
    return full[0].replace(
        codes=_stretch([piece.codes for piece in full], -1),
        lengths=torch.cat([piece.lengths for piece in full]),
        grid=torch.cat(grids) if grids else None,
        origin=[origin for piece in full for origin in piece.origin],
        extras={extra.name: _cat_extra(extra, full) for extra in full[0].spec.extras},
        made_by=_common(full),
    )


def _cat_extra(extra: ExtraSpec, pieces: Sequence["Tokens"]) -> Tensor:
    tensors = [piece.extras[extra.name] for piece in pieces]
    for axis, name in enumerate(extra.axes):
        sizes = {tensor.shape[axis] for tensor in tensors}
        if name != "item" and name not in pieces[0].axis_sizes and len(sizes) > 1:
            raise TokenError(f"cat: extra {extra.name!r} differs in axis {name}: {sorted(sizes)}")
    return _stretch(tensors, extra.neutral)


def _stretch(tensors: Sequence[Tensor], value: float) -> Tensor:
    """Concatenated along the first axis, the others padded to the largest."""
    rest = [max(sizes) for sizes in zip(*(t.shape[1:] for t in tensors), strict=True)]
    return torch.cat([grow(t, [t.shape[0], *rest], value) for t in tensors])


def join(pieces: Iterable["Tokens"]) -> "Tokens":
    """See :meth:`Tokens.join`."""
    pieces = _alike(pieces, "join")
    first, spec = pieces[0], pieces[0].spec
    if spec.order != "time":
        raise TokenError(f"join: positions follow one another in time, not in {spec.order!r}")
    counts = [len(piece) for piece in pieces]
    if len(set(counts)) > 1:
        raise TokenError(f"join: pieces of {counts} items; expected the same items in each")
    if len(pieces) == 1 or not len(first):
        return first
    items = range(len(first))
    parts = [_parts(pieces, item) for item in items]  # per item: the pieces that hold something
    joined = [torch.cat([_own_codes(piece, i) for piece in parts[i]], 1) for i in items]
    lengths = first.lengths.new_tensor([ids.shape[1] for ids in joined])
    return first.replace(
        codes=stack_ragged(joined, -1),
        lengths=lengths,
        grid=_join_grids(pieces, parts),
        origin=[join_origins([piece.origin[i] for piece in pieces]) for i in items],
        extras={
            extra.name: stack_ragged(
                [_join_extra(extra, parts[i], i) for i in items], extra.neutral
            )
            for extra in spec.extras
        },
        made_by=_common(pieces),
    )


def _own_codes(piece: "Tokens", item: int) -> Tensor:
    """[slot, position]: what the item has; of no positions, in all slots."""
    slots = int(piece.slot_counts[item]) or piece.codes.shape[1]
    return piece.codes[item, :slots, : int(piece.lengths[item])]


def _join_grids(pieces: Sequence["Tokens"], parts: Sequence[Sequence["Tokens"]]) -> Tensor | None:
    """The sides t of an item's pieces add up; h and w are those of all."""
    if any(piece.grid is None for piece in pieces):
        return None
    grids = []
    for item, own in enumerate(parts):
        found = torch.stack([part.grid[item] for part in own if part.grid is not None])
        if bool((found[:, 1:] != found[0, 1:]).any()):
            raise TokenError(f"join: the pieces of item {item} differ in grid: {found.tolist()}")
        grids.append(torch.cat([found[:, 0].sum()[None], found[0, 1:]]))
    return torch.stack(grids)


def _parts(pieces: Sequence["Tokens"], item: int) -> list["Tokens"]:
    """The pieces in which ``item`` has positions (or the first), checked to fit."""
    spec = pieces[0].spec
    full = [piece for piece in pieces if int(piece.lengths[item])] or [pieces[0]]
    slots = {int(piece.slot_counts[item]) for piece in full}
    if len(slots) > 1:
        raise TokenError(f"join: item {item} has {sorted(slots)} slots in different pieces")
    step = spec.crop or spec.segment or 1
    for piece in full[:-1]:
        if int(piece.lengths[item]) % step:
            raise TokenError(
                f"join: item {item} has a piece of {int(piece.lengths[item])} positions; all but "
                f"the last must be multiples of {step}"
            )
    return full


def _join_extra(extra: ExtraSpec, pieces: Sequence["Tokens"], item: int) -> Tensor:
    before = accumulate((int(piece.lengths[item]) for piece in pieces), initial=0)
    own = [
        moved(extra, own_part(extra, p.extras[extra.name], p.axis_sizes, item), positions)
        for p, positions in zip(pieces, before, strict=False)
    ]
    for axis, name in enumerate(extra.axes[1:]):
        if name in ("position", "segment", "frame"):
            return torch.cat(own, axis)
    if any(not torch.equal(own[0], other) for other in own[1:]):
        raise TokenError(f"join: extra {extra.name!r} differs between the pieces of item {item}")
    return own[0]


def _alike(pieces: Iterable["Tokens"], verb: str) -> list["Tokens"]:
    """The pieces as a list, checked to be of one code space, spec and device."""
    pieces = list(pieces)
    if not pieces:
        raise TokenError(f"{verb}: nothing to put together")
    for piece in pieces[1:]:
        if piece.space != pieces[0].space:
            raise TokenError(
                f"{verb}: ids of {pieces[0].space!r} and {piece.space!r} mean different things"
            )
        if piece.spec != pieces[0].spec:
            raise TokenError(f"{verb}: the specs differ: {pieces[0].spec} and {piece.spec}")
        if piece.device != pieces[0].device:
            raise TokenError(
                f"{verb}: tokens on {pieces[0].device} and {piece.device}; call .to() first"
            )
    return pieces


def _common(pieces: Sequence["Tokens"]) -> dict[str, Any]:
    """The entries of ``made_by`` on which all agree."""
    return {
        name: value
        for name, value in pieces[0].made_by.items()
        if all(name in piece.made_by and piece.made_by[name] == value for piece in pieces)
    }
