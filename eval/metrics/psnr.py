"""Peak signal-to-noise ratio."""

from typing import Any

import torch

from .base import Column, SampleMetric
from .pair import Pair


class Psnr(SampleMetric):
    """PSNR in dB, peak 1, float64, all channels; of a video the mean over its frames.

    Infinite for an item (of a video: a frame) without any error.
    """

    columns = {"psnr": Column("dB", True)}

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"data_range": 1.0, "precision": "float64", "pooling": "per frame, then mean"}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = pair.pixels()
        errors = (reference - decoded).square().mean((1, 2, 3))  # [frame]
        return {"psnr": float((-10 * torch.log10(errors)).mean())}
