"""Items that fit together -> batches."""

from collections.abc import Hashable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

from ..errors import NotSupportedError

MAX_BATCH = 16  # of one shape, unless the caller asks for another size
MOST_PADDING = 1.0  # of a batch of different lengths, as a share of what it holds


def grouped(keys: Iterable[Hashable], batch_size: int | None) -> Iterator[list[int]]:
    """Indices of items with equal keys, in batches, in the order of their first item.

    Raises:
        NotSupportedError: for a batch size that is no whole number from 1.
    """
    size = _checked(batch_size)
    for indices in _groups(keys):
        for start in range(0, len(indices), size):
            yield indices[start : start + size]


def grouped_by_length(
    keys: Iterable[Hashable], lengths: Sequence[int], batch_size: int | None
) -> Iterator[list[int]]:
    """Indices of items with equal keys and any lengths, in batches, from short to long.

    Without a ``batch_size`` a batch also ends before padding would more than double it; with one
    it holds as many items as there are.

    Raises:
        NotSupportedError: for a batch size that is no whole number from 1.
    """
    size = _checked(batch_size)
    for indices in _groups(keys):
        batch: list[int] = []
        held = 0
        for index in sorted(indices, key=lengths.__getitem__):
            total = held + lengths[index]
            padded = (len(batch) + 1) * lengths[index]
            wasteful = batch_size is None and padded > (1 + MOST_PADDING) * total
            if batch and (len(batch) == size or wasteful):
                yield batch
                batch, total = [], lengths[index]
            batch.append(index)
            held = total
        yield batch


def padded(items: Sequence[Tensor]) -> Tensor:
    """[..., n] per item -> [item, ..., most], with zeros at the end of the shorter ones."""
    most = max(item.shape[-1] for item in items)
    if all(item.shape[-1] == most for item in items):
        return torch.stack(tuple(items))
    batch = items[0].new_zeros(len(items), *items[0].shape[:-1], most)
    for row, item in zip(batch, items, strict=True):
        row[..., : item.shape[-1]] = item
    return batch


def _checked(batch_size: int | None) -> int:
    if batch_size is not None and (type(batch_size) is not int or batch_size < 1):
        raise NotSupportedError(f"batch_size={batch_size!r}: expected a whole number from 1")
    return batch_size or MAX_BATCH


def _groups(keys: Iterable[Hashable]) -> Iterable[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return groups.values()
