"""Two tokenizers on the same samples: their difference is far surer than either figure."""

from collections.abc import Hashable, Sequence

from .mean import Mean, mean


def paired_difference(
    one: Sequence[float], other: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> Mean:
    """The mean of ``one - other``, sample by sample, with its interval.

    What makes a sample hard for both cancels. A difference is told from zero where its interval
    does not hold zero.
    """
    return mean([a - b for a, b in zip(one, other, strict=True)], clusters)
