"""Reading videos in tests: a short clip, and what a bad one is told."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from video_files import pictures

import zoo
from zoo.errors import MediaError
from zoo.media import Media

FRAMES = pictures(12)
SHARP = {"crf": "10", "preset": "ultrafast"}


def read(value: object, **options) -> Media:
    return zoo.read(value, "video", **options)


def the_error(value: object, **options) -> str:
    with pytest.raises(MediaError) as caught:
        read(value, **options)
    return str(caught.value)


def stacked(frames: Sequence[np.ndarray]) -> torch.Tensor:
    """[frames, 3, height, width], int32."""
    return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).int()
