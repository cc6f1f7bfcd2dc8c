"""What ids cost: nominal bits, bits after entropy coding, and how much of a codebook is used."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .chunk import Chunk


def rate_of(
    name: str, rows: Sequence[Mapping[str, float]], whole: Chunk, vocab_sizes: Sequence[int]
) -> dict[str, Any]:
    """:func:`rate` of the quality whose ids were counted as ``name/slot``."""
    slots = [slot for slot in range(len(vocab_sizes)) if f"{name}/{slot}" in whole.counts]
    used = [whole.counts[f"{name}/{slot}"] for slot in slots]
    return rate(rows, used, [vocab_sizes[slot] for slot in slots])


def rate(
    rows: Sequence[Mapping[str, float]], used: Sequence[Counter[int]], vocab_sizes: Sequence[int]
) -> dict[str, Any]:
    """The ``rate`` of a quality.

    Args:
        rows: per sample ``tokens`` (ids), ``bits`` and ``extra_bits``, all nominal, and
            ``pixels`` or ``seconds``.
        used: per slot how often each id was drawn, over all samples.
        vocab_sizes: ids of each slot.

    ``nominal_bits`` are those of ids and extras. ``entropy_bits`` is what a coder that knew each slot's frequencies would need on average,
    ``adaptive_bits`` what one that learns them while coding needs (Krichevsky-Trofimov estimate);
    extras are added to both at their nominal size. Few draws make the first too small, never the
    second. Both ignore what neighbouring ids say about each other.
    """
    samples = len(rows)
    slots = [usage(counts, size) for counts, size in zip(used, vocab_sizes, strict=True)]
    extras = sum(row["extra_bits"] for row in rows)
    totals = {
        "nominal_bits": sum(row["bits"] + row["extra_bits"] for row in rows),
        "entropy_bits": extras + sum(slot["entropy"] * slot["draws"] for slot in slots),
        "adaptive_bits": extras
        + sum(adaptive_bits(c, v) for c, v in zip(used, vocab_sizes, strict=True)),
    }
    found: dict[str, Any] = {name: total / samples for name, total in totals.items()}
    found["extra_bits"] = extras / samples
    found["id_bits"] = found["nominal_bits"] - found["extra_bits"]
    tokens = [row["tokens"] for row in rows]
    found["tokens"] = {"mean": sum(tokens) / samples, "min": min(tokens), "max": max(tokens)}
    for unit, name in (("pixels", "per_pixel"), ("seconds", "per_second")):
        if all(unit in row for row in rows):
            size = sum(row[unit] for row in rows)
            found[name] = {kind: total / size for kind, total in totals.items()}
    return {**found, "codebooks": slots}


def usage(counts: Counter[int], vocabulary: int) -> dict[str, Any]:
    """How a slot's ids are used; ``usage`` cannot exceed draws / vocabulary, so both are given."""
    draws = counts.total()
    entropy = _entropy(counts)
    return {
        "vocabulary": vocabulary,
        "draws": draws,
        "used": len(counts),
        "usage": len(counts) / vocabulary,
        "entropy": entropy,
        "perplexity": 2**entropy,
    }


def adaptive_bits(counts: Counter[int], vocabulary: int) -> float:
    """Bits of an adaptive arithmetic coder that starts from half a count for every id."""
    draws = counts.total()
    nats = math.lgamma(draws + vocabulary / 2) - math.lgamma(vocabulary / 2)
    nats -= sum(math.lgamma(times + 0.5) - math.lgamma(0.5) for times in counts.values())
    return nats / math.log(2)


def _entropy(counts: Counter[int]) -> float:
    """Bits per draw."""
    if not counts:
        return 0.0
    shares = np.array(list(counts.values())) / counts.total()
    return abs(float(-(shares * np.log2(shares)).sum()))
