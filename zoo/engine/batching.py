"""Items that fit together -> batches."""

from collections.abc import Hashable, Iterable, Iterator

from ..errors import NotSupportedError

MAX_BATCH = 16  # of one shape, unless the caller asks for another size


def grouped(keys: Iterable[Hashable], batch_size: int | None) -> Iterator[list[int]]:
    """Indices of items with equal keys, in batches, in the order of their first item.

    Raises:
        NotSupportedError: for a batch size that is no whole number from 1.
    """
    if batch_size is not None and (type(batch_size) is not int or batch_size < 1):
        raise NotSupportedError(f"batch_size={batch_size!r}: expected a whole number from 1")
    groups: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    size = batch_size or MAX_BATCH
    for indices in groups.values():
        for start in range(0, len(indices), size):
            yield indices[start : start + size]
