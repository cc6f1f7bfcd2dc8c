"""Peak signal-to-noise ratio, the one figure that the core itself reports."""

import math

from PIL import Image
from torch import Tensor

from .fits import Filter, resize
from .image import canonical


def psnr(reference: Tensor, image: Tensor) -> float:
    """PSNR in dB of two pictures [3, height, width], uint8 or float in 0..1; inf if equal.

    Computed in float64 over all pixels and channels, peak 1. A reference of another size is
    brought to the image's first. Of two videos [frames, 3, height, width] of one size it is that
    of all frames together.
    """
    if reference.shape != image.shape:
        size = (image.shape[1], image.shape[2])
        reference = resize(reference, size, Filter(Image.Resampling.BICUBIC))
    error = (canonical(reference).double() - canonical(image).double()).square().mean().item()
    return math.inf if error == 0 else -10 * math.log10(error)
