"""What classical codecs reach with the bits that a tokenizer spends."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..results.front import bits_of, front


def at_equal_bits(
    bits: float, anchors: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, float | None]]:
    """Per codec its metrics at ``bits`` an item: a line over log2 of bits along its best settings.

    None where ``bits`` lies outside of what the codec's settings spend; nothing is extrapolated.
    """
    found: dict[str, dict[str, float | None]] = {}
    for codec in dict.fromkeys(anchor["codec"] for anchor in anchors):
        own = [anchor for anchor in anchors if anchor["codec"] == codec]
        names = [n for n, f in own[0]["metrics"].items() if f["higher_is_better"] is not None]
        found[codec] = {name: _between(bits, front(own, name), name) for name in names}
    return found


def _between(bits: float, best: Sequence[Mapping[str, Any]], metric: str) -> float | None:
    spent = [bits_of(entry) for entry in best]
    if not spent or not spent[0] <= bits <= spent[-1]:
        return None
    values = [entry["metrics"][metric]["value"] for entry in best]
    return float(np.interp(np.log2(bits), np.log2(spent), values))
