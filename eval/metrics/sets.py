"""What a metric over whole sets is: features per item first, figures of all features last."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from .base import implementation


class SetMetric(ABC):
    """Distances between the references and the reconstructions as two sets.

    Item i of one set is the reconstruction of item i of the other; both have passed every other
    step, so a sample that failed is in neither.
    """

    package: ClassVar[str | None] = None

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """All that the figures depend on, as plain JSON."""

    @property
    def weights(self) -> dict[str, str] | None:
        """``{"file": name, "sha256": ...}`` of the network that measures."""
        return None

    @property
    def implementation(self) -> dict[str, str]:
        """Whose code computes it."""
        return implementation(self.package)

    @abstractmethod
    def features(self, items: Sequence[Tensor]) -> Tensor:
        """[item, dim] of canonical items."""

    @abstractmethod
    def figures(self, reference: Tensor, decoded: Tensor) -> dict[str, dict[str, Any]]:
        """Entries of a result by name, as ``results.figures.figure`` makes them for means."""
