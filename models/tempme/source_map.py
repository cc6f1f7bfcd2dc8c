"""The map from every patch of a video to the token that stands for it, and what follows from it.

A token is the mean of its patches' features, each counting the same, so that sizes and un-merging
need nothing but the map: integers [item, frame, row, column], labels from 0.
"""

import torch
from torch import Tensor


def canonical(source: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Number groups by their first patch, in order of frame, row, column.

    Returns:
        The map with new labels, and the old label [item, group] of each new one.
    """
    flat = source.flatten(1)
    positions = torch.arange(flat.shape[1], device=flat.device).expand_as(flat)
    first = torch.full((len(flat), groups), flat.shape[1], device=flat.device)
    order = first.scatter_reduce(1, flat, positions, "amin").argsort(dim=1)
    return order.argsort(dim=1).gather(1, flat).view_as(source), order


def group_sizes(source: Tensor, groups: int) -> Tensor:
    """How many patches each group has, int64 [item, group]."""
    flat = source.flatten(1).long()
    return flat.new_zeros(len(flat), groups).scatter_add(1, flat, torch.ones_like(flat))


def unmerge(tokens: Tensor, source: Tensor) -> Tensor:
    """Tokens [item, group, dim] back on their places: [item, frame, row, column, dim]."""
    flat = source.flatten(1).long()
    spread = tokens.gather(1, flat[..., None].expand(-1, -1, tokens.shape[2]))
    return spread.unflatten(1, source.shape[1:])


def group_mean(values: Tensor, source: Tensor, groups: int) -> Tensor:
    """The mean of values [item, frame, row, column, dim] over each group: [item, group, dim].

    Summed in float64: the mean of equal numbers is that number.
    """
    flat = source.flatten(1).long()
    rows = values.flatten(1, 3)
    index = flat[..., None].expand_as(rows)
    total = rows.new_zeros(len(rows), groups, rows.shape[2], dtype=torch.float64)
    total = total.scatter_add(1, index, rows.double())
    return (total / group_sizes(source, groups)[..., None]).to(values.dtype)
