"""The samples that a task scores: where they lie, what they are called, which class they have."""

from .listing import Sample, list_samples

__all__ = ["Sample", "list_samples"]
