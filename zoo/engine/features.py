"""What ``Tokenizer.features`` does: media -> prepared items -> vectors, padded to the longest."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from ..errors import MediaError
from ..media import Source
from ..tokens.padding import stack_ragged
from .encode import batches, prepare, stacked
from .precision import full_fp32

if TYPE_CHECKING:
    from ..family import Family, Vectors


def features_of(
    tok: "Family",
    found: Sequence[Source],
    kind: str,
    *,
    batch_size: int | None,
    for_prepare: Mapping[str, object],
) -> "Vectors":
    """Vectors of all items, in their order."""
    from ..family import Vectors

    items = [prepare(tok, source, for_prepare) for source in found]
    if not tok.ragged and len({item.tensor.shape for item in items}) > 1:
        raise MediaError("features: items differ in shape after preparing; pass them one by one")
    each: dict[int, Vectors] = {}
    for rows in batches(tok, items, batch_size):
        batch, ends = stacked(tok, [items[row] for row in rows])
        with full_fp32(tok.device):
            made = tok._features(batch, kind, **ends)
        each |= {row: Vectors(*one) for row, one in zip(rows, zip(*made, strict=True), strict=True)}
    tensors, masks = zip(*(each[row] for row in range(len(items))), strict=True)
    if len({tensor.shape for tensor in tensors}) == 1:
        return Vectors(torch.stack(tensors), torch.stack(masks))
    return Vectors(stack_ragged(tensors, 0.0), stack_ragged(masks, False))
