"""Nominal sizes: what ids and extras cost before any entropy coding."""

from collections.abc import Mapping

import torch
from torch import Tensor

from .extras import own_mask
from .spec import TokenSpec


def id_bits(codes: Tensor, spec: TokenSpec) -> Tensor:
    """float64 [item] on the CPU: log2 of the slot's vocabulary, summed over ids that are there."""
    there = (codes >= 0).sum(2).cpu()  # [item, slot]
    each = torch.tensor(spec.slot_bits[: codes.shape[1]], dtype=torch.float64)
    return (there * each).sum(1)


def extra_bits(
    extras: Mapping[str, Tensor], spec: TokenSpec, sizes: Mapping[str, Tensor]
) -> Tensor:
    """float64 [item] on the CPU: the nominal bits of the extras' elements, padding apart."""
    total = torch.zeros(sizes["position"].shape[0], dtype=torch.float64)
    for extra in spec.extras:
        owned = own_mask(extra, extras[extra.name].shape, sizes)
        total += owned.flatten(1).sum(1).cpu() * extra.bits if owned.ndim > 1 else extra.bits
    return total
