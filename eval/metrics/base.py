"""What a per-sample metric is, and how it says that it cannot measure a sample."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import zoo

from .pair import Pair


@dataclass(frozen=True)
class Column:
    """One figure of a metric."""

    unit: str
    higher_is_better: bool | None
    """None: it describes, and neither direction is better."""


class Unmeasurable(Exception):
    """A sample on which a metric has no value; counted and listed, never imputed."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class SampleMetric(ABC):
    """A figure, or several, per reference and reconstruction.

    Subclasses say their ``columns`` (name -> what it is), and all that a value depends on in
    ``settings``.
    """

    columns: Mapping[str, Column]
    package: ClassVar[str | None] = None
    """The distribution that computes it; None: this library's own code."""

    @property
    def settings(self) -> dict[str, Any]:
        """All that the figures depend on, as plain JSON."""
        return {}

    @property
    def weights(self) -> dict[str, str] | None:
        """``{"file": name, "sha256": ...}`` of the network that measures, where there is one."""
        return None

    @abstractmethod
    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column.

        Raises:
            Unmeasurable: where the metric is not defined for this sample.
        """

    @property
    def implementation(self) -> dict[str, str]:
        """Whose code computes it."""
        return implementation(self.package)


def implementation(package: str | None) -> dict[str, str]:
    """A distribution and its version; None is this library."""
    if package is None:
        return {"package": "tokenizer-zoo", "version": zoo.__version__}
    try:
        return {"package": package, "version": version(package)}
    except PackageNotFoundError:
        return {"package": package, "version": "unknown"}


def weights_of(path: Path) -> dict[str, str]:
    """The entry of a result for the weights of a measuring network."""
    from zoo.files.checksum import sha256_of

    return {"file": path.name, "sha256": sha256_of(path)}
