"""What convolutions see beyond the ends of a sound, for each item of a batch its own ends."""

import torch
from torch import Tensor
from torch.nn import functional as F


def filled(x: Tensor, before: int, end: int, mode: str = "constant") -> Tensor:
    """Fill [item, channel, time] at both ends as ``torch.nn.functional.pad`` does.

    Over two axes, because that keeps the order of channels and time in memory.
    """
    return F.pad(x[:, :, None], (before, end, 0, 0), mode=mode)[:, :, 0]


def reflected(x: Tensor, before: int, end: int) -> Tensor:
    """Mirror [item, channel, time] at both ends; what is too short gets zeros first."""
    short = max(0, max(before, end) + 1 - x.shape[-1])
    if not short:
        return filled(x, before, end, "reflect")
    return filled(filled(x, 0, short), before, end, "reflect")[..., :-short]


def reflect_each(padded: Tensor, before: int, lengths: Tensor, ends: Tensor) -> Tensor:
    """Write the mirrored ends of each item into a padded batch, as :func:`reflected` alone.

    Args:
        padded: [item, channel, time], item i from ``before`` on; changed in place.
        before: samples to fill before each item.
        lengths: [item], of the items themselves.
        ends: [item], samples to fill behind each.
    """
    lengths, ends = lengths[:, None], ends[:, None]
    places = _places(before, lengths, ends)
    last = torch.maximum(lengths, ends.clamp(min=before) + 1) - 1
    sources = last - (last - places.abs()).abs()
    short = sources >= lengths  # zeros that stand behind an item too short for its mirror
    values = padded.gather(2, _each(before + sources.masked_fill(short, 0), padded))
    values = values.masked_fill(short[:, None], 0)
    return padded.scatter_(2, _each(before + places, padded), values)


def repeat_each(padded: Tensor, before: int, lengths: Tensor, end: int) -> Tensor:
    """Write each item's first and last sample beyond its ends; arguments as above."""
    lengths = lengths[:, None]
    places = _places(before, lengths, torch.full_like(lengths, end))
    sources = torch.minimum(places.clamp(min=0), lengths - 1)
    values = padded.gather(2, _each(before + sources, padded))
    return padded.scatter_(2, _each(before + places, padded), values)


def _places(before: int, lengths: Tensor, ends: Tensor) -> Tensor:
    """Times to fill, from each item's start on: [item, place], as many for every item.

    Where an item has fewer, its last place, or its last sample itself, stands again.
    """
    rows, device = len(lengths), lengths.device
    ahead = torch.arange(before, device=device).expand(rows, -1) - before
    steps = torch.arange(int(ends.max()), device=device).expand(rows, -1)
    return torch.cat([ahead, lengths + torch.minimum(steps, ends - 1)], dim=1)


def _each(places: Tensor, x: Tensor) -> Tensor:
    """[item, place] for every channel."""
    return places[:, None].expand(-1, x.shape[1], -1)
