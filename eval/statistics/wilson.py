"""The interval of a share (Wilson 1927): it stays inside 0..1 and holds for few trials."""

import math

QUANTILE = 1.959963984540054  # of the normal distribution, at 0.975


def wilson(share: float, trials: int) -> tuple[float, float]:
    """The 95 % interval of ``share`` of independent ``trials``."""
    square = QUANTILE**2
    centre = share + square / (2 * trials)
    half = QUANTILE * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    scale = 1 + square / trials
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
