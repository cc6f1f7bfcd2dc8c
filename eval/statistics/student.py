"""Quantiles of Student's t, so that a handful of samples gets an honest interval."""

import math
from statistics import NormalDist


def t_quantile(probability: float, freedom: float) -> float:
    """The ``probability`` quantile of Student's t with ``freedom`` degrees, at least 1.

    Exact for one and two degrees, else Cornish and Fisher's expansion to the fourth order
    (Abramowitz and Stegun 26.7.5): 0.975 is right to 0.2 % at three degrees, to
    0.02 % from five on.
    """
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom: expected at least 1")
    if freedom == 1:
        return math.tan(math.pi * (probability - 0.5))
    if freedom == 2:
        spread = 2 * probability - 1
        return spread * math.sqrt(2 / (1 - spread**2))
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / freedom**order for order, term in enumerate(terms))
