"""Reading pictures in tests: one to save, how far two are apart, and what a bad one is told."""

import numpy as np
import pytest
import torch
from PIL import Image

from zoo.errors import MediaError
from zoo.media import read


def smooth(height: int = 24, width: int = 32) -> Image.Image:
    """A picture without symmetries that survives JPEG."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 255 / width, y * 255 / height, (x + 2 * y) * 255 / (width + 2 * height)]
    return Image.fromarray(np.stack(channels, -1).astype(np.uint8))


def pixels(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    assert a.shape == b.shape
    return float((a.float() - b.float()).abs().mean())


def error_of(source: object) -> str:
    with pytest.raises(MediaError) as caught:
        read(source, "image")
    return str(caught.value)
