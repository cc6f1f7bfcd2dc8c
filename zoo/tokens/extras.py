"""Named tensors that travel with the ids: checks, what belongs to an item, neutral values."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..errors import TokenError
from .check import integers
from .spec import ExtraSpec, TokenSpec

_GRID_AXES = {1: ("frame",), 2: ("row", "column"), 3: ("frame", "row", "column")}


def dtype_of(extra: ExtraSpec) -> torch.dtype:
    """The torch dtype that the spec names."""
    return getattr(torch, extra.dtype)


def axis_sizes(
    spec: TokenSpec, lengths: Tensor, slot_counts: Tensor, grid: Tensor | None
) -> dict[str, Tensor]:
    """How far each item reaches along each axis that differs between items: name -> [item]."""
    sizes = {"slot": slot_counts, "position": lengths}
    if spec.segment is not None:
        sizes["segment"] = -(-lengths // spec.segment)
    if grid is not None:
        sizes |= dict(zip(_GRID_AXES[grid.shape[1]], grid.unbind(1), strict=True))
    return sizes


def own_mask(extra: ExtraSpec, shape: torch.Size, sizes: Mapping[str, Tensor]) -> Tensor:
    """True [the extra's shape] where an element belongs to an item, False in padding."""
    device = sizes["position"].device
    mask = torch.ones(shape, dtype=torch.bool, device=device)
    for axis, name in enumerate(extra.axes):
        if name in sizes:
            reach = torch.arange(shape[axis], device=device) < sizes[name][:, None]  # [item, n]
            spread = [size if i in (0, axis) else 1 for i, size in enumerate(shape)]
            mask &= reach.reshape(spread)
    return mask


def own_part(extra: ExtraSpec, tensor: Tensor, sizes: Mapping[str, Tensor], item: int) -> Tensor:
    """What belongs to one item, without the item axis."""
    cuts = (slice(int(sizes[n][item])) if n in sizes else slice(None) for n in extra.axes[1:])
    return tensor[item][tuple(cuts)]


def largest(sizes: Mapping[str, Tensor]) -> dict[str, int]:
    """The size of each such axis that holds every item; nothing where there are no items."""
    return {name: int(size.max()) for name, size in sizes.items() if len(size)}


def shrink(extra: ExtraSpec, tensor: Tensor, sizes: Mapping[str, Tensor]) -> Tensor:
    """Cut to what the largest item needs along each axis."""
    needed = largest(sizes)
    return tensor[tuple(slice(needed.get(axis)) for axis in extra.axes)]


def check_extras(
    given: Mapping[str, object] | None,
    spec: TokenSpec,
    sizes: Mapping[str, Tensor],
    wide: tuple[int, int],
) -> dict[str, Tensor]:
    """The extras as new tensors, cut to the largest item and neutral in the padding.

    ``wide`` is how many slots and positions the codes came with: extras may be as wide.
    """
    given = given or {}
    declared = [extra.name for extra in spec.extras]
    if set(given) != set(declared):
        way_out = "; neutral_extras makes them" if set(declared) - set(given) else ""
        raise TokenError(
            f"extras: the spec declares {declared or 'none'}, got {list(given) or 'none'}{way_out}"
        )
    as_wide = {"slot": wide[0], "position": wide[1], "segment": -(-wide[1] // (spec.segment or 1))}
    return {extra.name: _checked(extra, given[extra.name], sizes, as_wide) for extra in spec.extras}


def _checked(
    extra: ExtraSpec, value: object, sizes: Mapping[str, Tensor], wide: Mapping[str, int]
) -> Tensor:
    where, device = f"extra {extra.name!r}", sizes["position"].device
    dtype = None if isinstance(value, Tensor | np.ndarray) else dtype_of(extra)
    try:
        tensor = torch.as_tensor(value, dtype=dtype).detach().to(device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TokenError(f"{where}: expected {extra.dtype} numbers; {error}") from None
    if tensor.dtype != dtype_of(extra):
        raise TokenError(f"{where}: expected {extra.dtype}, got {tensor.dtype}")

    legal = {axis: {size, wide.get(axis, size)} for axis, size in largest(sizes).items()}
    legal["item"] = {len(sizes["position"])}
    if tensor.ndim != len(extra.axes) or any(
        size not in legal.get(axis, {size})
        for axis, size in zip(extra.axes, tensor.shape, strict=True)
    ):
        wanted = [min(legal[axis]) if axis in legal else axis for axis in extra.axes]
        raise TokenError(f"{where}: shape {[*tensor.shape]}; expected {wanted} {[*extra.axes]}")
    tensor = shrink(extra, tensor, sizes)
    owned = own_mask(extra, tensor.shape, sizes)
    tensor = tensor.masked_fill(~owned, extra.neutral)
    if extra.labels:
        _check_labels(extra, tensor, sizes["position"])
    if tensor.is_floating_point() and not tensor.isfinite().all():
        item = int((~tensor.isfinite()).nonzero()[0, 0])
        raise TokenError(f"{where}: NaN or infinite in item {item}")
    return tensor


def _check_labels(extra: ExtraSpec, labels: Tensor, lengths: Tensor) -> None:
    reach = lengths.reshape(-1, *[1] * (labels.ndim - 1))
    bad = ((labels < 0) | (labels >= reach)) & (labels != extra.neutral)
    if bad.any():
        item, *place = bad.nonzero()[0].tolist()
        raise TokenError(
            f"extra {extra.name!r}: {int(labels[item][tuple(place)])} at item {item}, "
            f"{[*extra.axes[1:]]} {place}, is none of its {int(lengths[item])} positions"
        )


def moved(extra: ExtraSpec, tensor: Tensor, positions: int) -> Tensor:
    """The extra after its item got ``positions`` more in front (negative: fewer)."""
    if not extra.labels or not positions:
        return tensor
    return torch.where(tensor == extra.neutral, tensor, tensor + positions).to(tensor.dtype)


def neutral_extras(
    spec: TokenSpec,
    codes: Tensor,
    *,
    grid: Tensor | None = None,
    sizes: Mapping[str, int] | None = None,
) -> dict[str, Tensor]:
    """Every extra of ``spec`` at its neutral value, for ``codes`` [item, slot, position].

    ``grid`` [item, 1..3] gives frame, row and column; ``sizes`` any other axis. TokenError for an
    axis whose size neither says.
    """
    items, slots, positions = codes.shape
    known = {"item": items, "slot": slots, "position": positions}
    if spec.segment is not None:
        known["segment"] = -(-positions // spec.segment)
    if grid is not None and items:
        grid = integers(grid, "grid", "item, side")
        sides = grid.amax(0).tolist()
        known |= dict(zip(_GRID_AXES.get(len(sides), ()), sides, strict=False))
    known |= sizes or {}
    made = {}
    for extra in spec.extras:
        if missing := [axis for axis in extra.axes if axis not in known]:
            raise TokenError(f"extra {extra.name!r}: the size of axis {missing[0]!r} is unknown")
        shape = [known[axis] for axis in extra.axes]
        made[extra.name] = torch.full(
            shape, extra.neutral, dtype=dtype_of(extra), device=codes.device
        )
    return made
