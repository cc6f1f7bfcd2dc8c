"""One file per metric; what a metric is stands in ``base.py``."""

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair

__all__ = ["Column", "Pair", "SampleMetric", "Unmeasurable"]
