"""Frechet and kernel inception distance of pictures and their reconstructions."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from .base import weights_of
from .distances import frechet_entry, frechet_infinity_entry, kernel_entry
from .inception import INCEPTION, RECIPES, Inception, inception_features, load_inception
from .sets import SetMetric


class InceptionDistance(SetMetric):
    """FID, its extrapolation to infinitely many pairs, and KID, by one of the recipes.

    Published numbers agree only where the recipe does: it stands in the settings, and in the
    names of all but the first recipe.
    """

    package = "torch-fidelity"

    def __init__(
        self, recipe: str, path: Path | None, device: str = "cpu", *, download: bool = False
    ) -> None:
        """Load the network.

        Raises:
            CheckpointUnavailableError: saying what is missing and where to put it.
            CheckpointCorruptError: for weights of something else.
        """
        self.recipe, self.device = recipe, device
        self.path = INCEPTION.find(path, download=download)
        self.network = _shared(self.path, device)

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {
            "features": "inception pool3",
            "recipe": self.recipe,
            "pictures": "8 bits",
            "precision": "float32 network, float64 statistics",
            "pairs": "matched; KID's cross term leaves them out",
        }

    @property
    def weights(self) -> dict[str, str]:
        """Inception's file."""
        return weights_of(self.path)

    def features(self, items: Sequence[Tensor]) -> Tensor:
        """[item, 2048] of pictures."""
        return inception_features(self.network, items, RECIPES[self.recipe], self.device)

    def figures(self, reference: Tensor, decoded: Tensor) -> dict[str, dict[str, Any]]:
        """FID, FID at infinity and KID."""
        tail = "" if self.recipe == next(iter(RECIPES)) else f"_{self.recipe.replace('-', '_')}"
        return {
            f"fid{tail}": frechet_entry(reference, decoded),
            f"fid_infinity{tail}": frechet_infinity_entry(reference, decoded),
            f"kid{tail}": kernel_entry(reference, decoded),
        }


@cache
def _shared(path: Path, device: str) -> Inception:
    """One network for all recipes of a run."""
    return load_inception(path, device)
