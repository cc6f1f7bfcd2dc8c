"""Videos: which frames a model sees, and how they come back."""

import pickle

import numpy as np
import pytest
import torch
from samples import video

from zoo.errors import MediaError
from zoo.media import VideoPrepare, restore_video
from zoo.media.video_sampling import dense, spread
from zoo.tokens import Origin


def test_spread_is_the_rule_of_tempme() -> None:
    for count, rate, fps, frames in (
        (300, 25, 1, 12),
        (250, 29.97, 1, 12),
        (12, 25, 1, 12),
        (500, 25, 1, 12),
        (40, 10, 1, 4),
        (5, 25, 1, 12),
        (1, 25, 1, 3),
    ):
        steady = list(range(0, count, round(rate / fps)))
        if len(steady) > frames:
            wanted = [steady[i] for i in np.linspace(0, len(steady) - 1, num=frames, dtype=int)]
        elif len(steady) == frames:
            wanted = steady
        else:
            wanted = list(np.linspace(0, count - 1, num=frames, dtype=int))
        assert spread(count, rate, fps, frames) == wanted
    assert spread(12, 0.1, 1, 4) == [0, 3, 7, 11]
    with pytest.raises(MediaError, match="without a frame rate"):
        spread(13, None, 1, 12)


def test_dense_takes_the_frame_on_screen() -> None:
    assert dense([0, 0.04, 0.08, 0.12], 25, 12.5) == ([0, 2], (0, 0.08))
    assert dense([0, 1, 1.1, 3], 1, 2)[0] == [0, 0, 1, 2, 2, 2, 3, 3]
    assert dense([0], 25, 25) == ([0], (0,))
    assert dense([0], None, 25) == ([0], (0,))
    ntsc = [n * 1001 / 30000 for n in range(300)]
    assert dense(ntsc, 30000 / 1001, 30000 / 1001)[0] == list(range(300))
    rounded = [round(time, 3) for time in ntsc]
    assert dense(rounded, 30000 / 1001, 30000 / 1001)[0] == list(range(300))


def test_frames_are_fitted_as_images_are() -> None:
    frames = video(3, 40, 70, 0)
    for fit in ("crop", "pad", "squash"):
        prepared = VideoPrepare((24, 24), fit, "bicubic")((frames, 5))
        from zoo.media import ImagePrepare

        one = ImagePrepare((24, 24), fit, "bicubic")
        for frame, made in zip(frames, prepared.tensor, strict=True):
            alone = one(frame)
            assert torch.equal(alone.tensor, made)
            assert alone.origin.rect == prepared.origin.rect
            assert alone.origin.canvas == prepared.origin.canvas
        assert prepared.origin.size == (40, 70)
        assert prepared.origin.times == pytest.approx((0, 0.2, 0.4))
    assert pickle.loads(pickle.dumps(VideoPrepare((8, 8)))) == VideoPrepare((8, 8))
    with pytest.raises(MediaError, match="expected one video, got 2"):
        VideoPrepare((8, 8))([frames, frames])
    with pytest.raises(MediaError, match="needs a number of frames"):
        VideoPrepare((8, 8), sampling="spread")


def test_restoring_scales_and_leaves_out_what_filled_the_window() -> None:
    origin = Origin(size=(40, 70), rect=(0, 15, 40, 40), times=(0, 1, 2), out_samples=3)
    frames = torch.rand(4, 3, 8, 8)
    assert restore_video(frames, origin).shape == (3, 3, 40, 40)
    assert restore_video(frames, origin, native=True).shape == (4, 3, 8, 8)
    assert restore_video(frames, None).shape == (4, 3, 8, 8)
