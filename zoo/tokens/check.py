"""Checks what Tokens are made from and brings it into the one form they keep.

That form: int64 copies, -1 wherever an item has no id, the slot axis as wide as the widest item and
the position axis as long as the longest, extras neutral where an item has nothing. So two Tokens
say the same exactly when their tensors are equal.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import TokenError
from .checks import show
from .origin import Origin
from .spec import TokenSpec


def integers(value: object, name: str, axes: str, device: torch.device | None = None) -> Tensor:
    """``value`` as a new int64 tensor with the axes that ``axes`` names, comma-separated."""
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TokenError(f"{name}: expected whole numbers [{axes}]; {error}") from None
    if tensor.ndim != axes.count(",") + 1:
        raise TokenError(f"{name}: expected axes [{axes}], got shape {[*tensor.shape]}")
    whole = not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)
    if not whole and tensor.numel():
        raise TokenError(f"{name}: expected whole numbers, got {tensor.dtype}; call .long()")
    return tensor.detach().to(device, torch.int64, copy=True)


def as_list(value: Any) -> Any:
    """Tensors and arrays as Python numbers or lists of them; anything else as it is."""
    return value.tolist() if isinstance(value, Tensor | np.ndarray) else value


def first(bad: Tensor) -> list[int] | None:
    """The place of the first True, or None."""
    return bad.nonzero()[0].tolist() if bad.any() else None


def check_codes(codes: Tensor, lengths: object, spec: TokenSpec) -> tuple[Tensor, Tensor, Tensor]:
    """Codes in their kept form, lengths [item], and slots per item [item]."""
    items, slots, positions = codes.shape
    if slots not in spec.slot_sizes:
        raise TokenError(f"codes: {slots} slots; the spec allows {show(spec.slot_sizes)}")
    if lengths is None and _all_there(codes, spec):
        lengths = codes.new_full((items,), positions)
        _check_sizes(lengths, spec)
        return codes.contiguous(), lengths, torch.full_like(lengths, slots)
    if lengths is None and not positions:  # a step of a stream that makes no id final
        lengths = codes.new_zeros(items)
        _check_sizes(lengths, spec)
        return codes.new_empty(items, spec.num_slots, 0), lengths, _count_slots(codes, spec)
    place = torch.arange(positions, device=codes.device)
    if lengths is not None:
        lengths = integers(lengths, "lengths", "item", codes.device)
    elif spec.holes:
        lengths = codes.new_full((items,), positions)
    else:
        lengths = _last((codes != -1).any(1))
    _check_lengths(lengths, items, positions, spec)

    inside = place < lengths[:, None]
    codes = codes.where(inside[:, None], -1)
    counts = _count_slots(codes, spec)
    slot = torch.arange(slots, device=codes.device)
    owned = (inside[:, None] & (slot < counts[:, None])[:, :, None]) if not spec.holes else False
    if where := first((codes < -1) | ((codes < 0) & owned)):
        i, s, p = where
        why = "the id is missing" if codes[i, s, p] == -1 else f"{codes[i, s, p]} is no id"
        raise TokenError(f"codes: {why} at item {i}, slot {s}, position {p} of {lengths[i]}")
    sizes = codes.new_tensor(spec.vocab_sizes[:slots])
    if where := first(codes >= sizes[:, None]):
        i, s, p = where
        raise TokenError(
            f"codes: id {codes[i, s, p]} at item {i}, slot {s}, position {p}; "
            f"legal are 0..{spec.vocab_sizes[s] - 1}"
        )
    if not bool(lengths.any()):
        return codes.new_empty(items, spec.num_slots, 0), lengths, counts
    return codes[:, : int(counts.max()), : int(lengths.max())].contiguous(), lengths, counts


def _all_there(codes: Tensor, spec: TokenSpec) -> bool:
    """Whether every place has an id that is legal: so it mostly is, and then nothing is to search."""
    if not codes.numel() or int(codes.min()) < 0:
        return False
    largest = codes.amax((0, 2)).tolist()
    return all(top < size for top, size in zip(largest, spec.vocab_sizes, strict=False))


def _last(taken: Tensor) -> Tensor:
    """[item, n] bool -> [item]: how far each row is taken, 0 where it is not at all."""
    places = torch.arange(1, taken.shape[1] + 1, device=taken.device)
    return (taken * places).amax(1) if taken.shape[1] else places.new_zeros(taken.shape[0])


def _check_lengths(lengths: Tensor, items: int, positions: int, spec: TokenSpec) -> None:
    if lengths.shape[0] != items:
        raise TokenError(f"lengths: {lengths.shape[0]} of them for {items} items")
    if where := first((lengths < 0) | (lengths > positions)):
        raise TokenError(
            f"lengths: {lengths[where[0]]} for item {where[0]}; codes have {positions} positions"
        )
    _check_sizes(lengths, spec)


def _check_sizes(lengths: Tensor, spec: TokenSpec) -> None:
    legal = spec.position_sizes
    for i, length in enumerate(lengths.tolist() if legal else ()):
        if legal and length not in legal:
            raise TokenError(f"item {i} has {length} positions; the spec allows {show(legal)}")


def _count_slots(codes: Tensor, spec: TokenSpec) -> Tensor:
    """Slots of each item; where prefixes cut slots, those in which it has ids."""
    if len(spec.slot_sizes) == 1:
        return codes.new_full(codes.shape[:1], codes.shape[1])
    counts = _last((codes != -1).any(2))
    for i, count in enumerate(counts.tolist()):
        if count and count not in spec.slot_sizes:
            raise TokenError(f"item {i} has {count} slots; the spec allows {show(spec.slot_sizes)}")
    return counts


def check_grid(value: object, lengths: Tensor, spec: TokenSpec) -> Tensor | None:
    """The token grid [item, 1..3] as int64: (t,), (h, w) or (t, h, w).

    Its sides multiply to the positions, unless an extra says where on it each position lies.
    """
    if value is None:
        return None
    grid = integers(value, "grid", "item, side", lengths.device)
    if grid.shape[0] != lengths.shape[0] or not 1 <= grid.shape[1] <= 3:
        raise TokenError(
            f"grid: expected {lengths.shape[0]} items with 1 to 3 sides, got {[*grid.shape]}"
        )
    merged = any({"row", "column"} & set(extra.axes) for extra in spec.extras)
    cut = spec.prefixes is not None and spec.prefixes.axis == "position"
    fixed = (spec.order == "time" or (spec.order == "raster" and not cut)) and not merged
    bad = (grid < (0 if spec.order == "time" else 1)).any(1)
    if where := first(bad | (grid.prod(1) != lengths) if fixed else bad):
        i = where[0]
        raise TokenError(f"grid: {grid[i].tolist()} for item {i}, which has {lengths[i]} positions")
    if spec.order == "time" and grid.shape[1] == 2:
        raise TokenError("grid: has one side, t, or three, (t, h, w), where the order is time")
    return grid


def check_origin(value: Sequence[Origin | None] | None, items: int) -> tuple[Origin | None, ...]:
    """One Origin or None per item."""
    if value is None:
        return (None,) * items
    if not isinstance(value, Sequence) or len(value) != items:
        raise TokenError(f"origin: expected a list of {items}, one per item, got {value!r}")
    for i, one in enumerate(value):
        if not isinstance(one, Origin | None):
            raise TokenError(f"origin: item {i} has {one!r}; expected an Origin or None")
    return tuple(value)


def check_made_by(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy that is plain JSON."""
    try:
        return json.loads(json.dumps(dict(value or {}), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TokenError(f"made_by: expected a dict of plain JSON values; {error}") from None
