"""Published weights -> our modules: key tables, strict filling, readable reports."""

from .filling import compare_shapes, fill
from .keys import SAME, KeyTable, Rule, rename
from .pickled_arrays import read_estimator
from .reading import metadata, read_tensors
from .report import Report
from .saving import save_checkpoint

__all__ = [
    "SAME",
    "KeyTable",
    "Report",
    "Rule",
    "compare_shapes",
    "fill",
    "metadata",
    "read_estimator",
    "read_tensors",
    "rename",
    "save_checkpoint",
]
