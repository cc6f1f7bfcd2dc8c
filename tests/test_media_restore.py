"""From the model's size back to the part of the original that was seen."""

import math

import numpy as np
import pytest
import torch
from image_noise import SIZES, noise
from PIL import Image

from zoo.media import ImagePrepare, restore_image
from zoo.tokens.origin import Origin


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("fit", ["crop", "pad", "squash", "adm-crop"])
def test_restoring_gives_back_the_part_that_was_seen(size: tuple[int, int], fit: str):
    tensor, origin = ImagePrepare((64, 64), fit)(noise(*size))
    image = tensor.float() / 255
    restored = restore_image(image, origin)
    assert origin.rect is not None
    assert restored.shape == (3, *origin.rect[2:])
    assert restored.dtype == torch.float32
    assert float(restored.min()) >= 0
    assert float(restored.max()) <= 1
    assert restore_image(image, origin, native=True) is image
    assert restore_image(image, None) is image
    assert restore_image(image, Origin()) is image


@pytest.mark.parametrize("fit", ["crop", "pad", "squash", "adm-crop"])
def test_a_smooth_picture_survives_there_and_back(fit: str):
    y, x = np.mgrid[0:150, 0:90]
    wave = np.stack([128 + 90 * np.sin(x / 30), 60 + y, 40 + x + y / 2], -1).astype(np.uint8)
    tensor, origin = ImagePrepare((64, 64), fit)(Image.fromarray(wave))
    assert origin.rect is not None
    top, left, height, width = origin.rect
    seen = torch.from_numpy(wave).permute(2, 0, 1)[:, top : top + height, left : left + width]
    restored = restore_image(tensor.float() / 255, origin)
    assert (restored * 255 - seen).abs().mean() < 2.5


def test_a_decoder_of_another_size_finds_the_padding():
    tensor, origin = ImagePrepare((64, 64), "pad")(Image.new("RGB", (60, 20), "white"))
    large = torch.nn.functional.interpolate(tensor.float()[None] / 255, scale_factor=3)[0]
    restored = restore_image(large, origin, input_size=(64, 64))
    assert restored.shape == (3, 20, 60)
    assert restored[:, 2:-2].min() > 0.99


def test_restoring_a_large_original():
    restored = restore_image(torch.rand(3, 32, 32), Origin(size=(3000, 2000)))
    assert restored.shape == (3, 3000, 2000)
    assert math.isfinite(float(restored.sum()))
