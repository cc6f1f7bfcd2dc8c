"""Figures as plain JSON, which knows no infinity, and back."""

import math

from ..metrics import Unmeasurable


def plain(value: float) -> float | str:
    """A number as JSON has it; ``"inf"`` and ``"-inf"`` as texts.

    Raises:
        Unmeasurable: for NaN, which no metric may pass off as a value.
    """
    if math.isnan(value):
        raise Unmeasurable("NotANumber", "the metric gave NaN")
    return value if math.isfinite(value) else str(float(value))


def number(value: float | str | None) -> float | None:
    """The inverse of :func:`plain`."""
    return None if value is None else float(value)
