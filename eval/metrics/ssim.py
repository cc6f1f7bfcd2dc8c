"""Structural similarity with a Gaussian window, at one scale and at five.

Source: Wang et al. 2004 (SSIM) and 2003 (MS-SSIM); window and borders as the authors' code:
11 x 11, sigma 1.5, only where the window lies inside the picture.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


class Ssim(SampleMetric):
    """SSIM of each channel, averaged over pixels, channels and frames."""

    columns = {"ssim": Column("", True)}

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return _settings()

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = pair.pixels()
        _need(reference, WINDOW)
        similarity, _ = ssim_maps(reference, decoded)
        return {"ssim": float(similarity.mean())}


class MsSsim(SampleMetric):
    """MS-SSIM over five scales of 2 x 2 means; needs a shorter side of at least 161 pixels."""

    columns = {"ms_ssim": Column("", True)}

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {**_settings(), "scale_weights": list(SCALE_WEIGHTS)}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = pair.pixels()
        _need(reference, (WINDOW - 1) * 2 ** (len(SCALE_WEIGHTS) - 1) + 1)
        factors = []
        for scale, weight in enumerate(SCALE_WEIGHTS):
            similarity, contrast = ssim_maps(reference, decoded)
            last = scale == len(SCALE_WEIGHTS) - 1
            means = (similarity if last else contrast).mean((2, 3))  # [frame, channel]
            factors.append(means.clamp(min=0) ** weight)
            odd = (reference.shape[2] % 2, reference.shape[3] % 2)
            reference, decoded = (avg_pool2d(x, 2, padding=odd) for x in (reference, decoded))
        return {"ms_ssim": float(torch.stack(factors).prod(0).mean())}


def ssim_maps(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM and its contrast-structure factor at each place of the window; pictures in 0..1."""
    c1, c2 = K1**2, K2**2
    mean_one, mean_other = _blur(one), _blur(other)
    var_one = _blur(one * one) - mean_one**2
    var_other = _blur(other * other) - mean_other**2
    covariance = _blur(one * other) - mean_one * mean_other
    contrast = (2 * covariance + c2) / (var_one + var_other + c2)
    luminance = (2 * mean_one * mean_other + c1) / (mean_one**2 + mean_other**2 + c1)
    return luminance * contrast, contrast


def _blur(pictures: Tensor) -> Tensor:
    """[frame, channel, h, w] -> [frame, channel, h - 10, w - 10]."""
    places = torch.arange(WINDOW, dtype=pictures.dtype) - WINDOW // 2
    weights = torch.exp(-(places**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    channels = pictures.shape[1]
    kernel = weights.expand(channels, 1, 1, WINDOW)
    rows = conv2d(pictures, kernel, groups=channels)
    return conv2d(rows, kernel.transpose(2, 3), groups=channels)


def _need(pictures: Tensor, side: int) -> None:
    height, width = pictures.shape[2:]
    if min(height, width) < side:
        raise Unmeasurable("TooSmall", f"{height} x {width} pixels; needs {side} on each side")


def _settings() -> dict[str, Any]:
    return {
        "window": f"gaussian {WINDOW}, sigma {SIGMA}, valid",
        "data_range": 1.0,
        "k1": K1,
        "k2": K2,
        "precision": "float64",
    }
