"""What is measured on a few samples: the unit that a run is resumed by."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

Row = dict[str, Any]


@dataclass
class Chunk:
    """Everything that some samples add to a result.

    ``rows``: one per scored sample, plain JSON, its ``id`` first. ``failures``: one per sample
    that could not be scored, and one per metric that had no value, as :func:`failure` makes them.
    ``arrays``: by name, [sample, ...], for what is computed over all samples. ``counts``: by name,
    id -> how often it was drawn. ``seconds``: by name, [items, seconds on the clock, of processor].
    """

    rows: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)
    arrays: dict[str, Tensor] = field(default_factory=dict)
    counts: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0] * 3))

    def draw(self, name: str, ids: Tensor) -> None:
        """Count ids, any shape; negative ones are none."""
        values, counts = ids[ids >= 0].unique(return_counts=True)
        self.counts[name].update(dict(zip(values.tolist(), counts.tolist(), strict=True)))

    def spend(self, name: str, items: float, wall: float, cpu: float) -> None:
        """Add the cost of a call."""
        spent = (items, wall, cpu)
        self.seconds[name] = [a + b for a, b in zip(self.seconds[name], spent, strict=True)]


def failure(sample: str, stage: str, error: BaseException | str, reason: str = "") -> Row:
    """An entry of ``failures``; ``stage`` is read, encode, decode or a metric's name."""
    kind = error if isinstance(error, str) else type(error).__name__
    return {"id": sample, "stage": stage, "error": kind, "reason": reason or str(error)}


def merged(chunks: Iterable[Chunk]) -> Chunk:
    """All chunks as one, in their order."""
    whole, arrays = Chunk(), defaultdict(list)
    for chunk in chunks:
        whole.rows += chunk.rows
        whole.failures += chunk.failures
        for name, array in chunk.arrays.items():
            arrays[name].append(array)
        for name, counts in chunk.counts.items():
            whole.counts[name].update(counts)
        for name, spent in chunk.seconds.items():
            whole.spend(name, *spent)
    whole.arrays = {name: torch.cat(parts) for name, parts in arrays.items()}
    return whole
