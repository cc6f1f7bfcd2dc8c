"""Videos from arrays and lists of pictures, and Media of videos."""

import pickle

import pytest
import torch
from PIL import Image
from samples import video
from video_reading import read, the_error

import zoo
from zoo.errors import MediaError
from zoo.media import Media

# arrays


def test_arrays_and_lists_of_pictures() -> None:
    frames = video(5, 12, 16, 0)
    for value in (
        (frames, 4),
        (frames.numpy(), 4.0),
        (frames, torch.tensor(4)),
        (frames.permute(0, 2, 3, 1), 4),
        ([Image.fromarray(f.permute(1, 2, 0).numpy()) for f in frames], 4),
        ([f.permute(1, 2, 0).numpy() for f in frames], 4),
        (list(frames), 4),
        (frames.float() / 255, 4),
    ):
        media = read(value)
        assert media.fps == 4
        assert media.times == ((0, 0.25, 0.5, 0.75, 1.0),)
        assert torch.equal(
            media.items[0].mul(255).round()
            if media.items[0].is_floating_point()
            else media.items[0].float(),
            frames.float(),
        )
    bare = read(frames)
    assert (bare.fps, bare.times) == (None, (None,))
    batch = read(frames[None].expand(3, -1, -1, -1, -1))
    assert len(batch) == 3
    assert read((frames[None].expand(2, -1, -1, -1, -1), 5)).frame_rates == (5, 5)
    assert zoo.read((frames, 4)).modality == "video"
    grey = read(frames[:, :1])
    assert torch.equal(grey.items[0], frames[:, :1].expand(-1, 3, -1, -1))


def test_arrays_that_are_no_video_or_could_be_two() -> None:
    frames = video(3, 12, 3, 0)
    assert 'layout="tchw" or layout="thwc"' in the_error(frames)
    assert torch.equal(read(frames, layout="tchw").items[0], frames)
    assert "layout is 'chw'" in the_error(frames, layout="chw")
    assert ".transpose(0, 1)" in the_error(torch.zeros(3, 9, 12, 16))
    assert "an empty video" in the_error(torch.zeros(0, 3, 12, 16))
    assert "no known range" in the_error(torch.zeros(2, 3, 4, 5, dtype=torch.int64))
    assert "expected frames per second" in the_error((frames, -1), layout="tchw")
    assert "NaN" in the_error(torch.full((2, 3, 4, 5), torch.nan))
    assert "not a video; expected a path" in the_error(3)


# media


def test_media_of_videos_knows_times_and_rates() -> None:
    frames = video(4, 6, 8, 0)
    media = Media("video", [frames, frames[:2]], fps=[4, None], times=[None, [0, 3]])
    assert media.times == ((0, 0.25, 0.5, 0.75), (0, 3))
    assert media.frame_rates == (4, pytest.approx(1 / 3))
    with pytest.raises(MediaError, match="one frame rate needs"):
        _ = media.fps
    assert media[1].times == ((0, 3),)
    assert media[0].tensor.shape == (1, 4, 3, 6, 8)
    assert float(media[0].tensor.max()) <= 1
    shots = media[0].pil()
    assert isinstance(shots, list)
    assert [shot.size for shot in shots] == [(8, 6)] * 4
    again = pickle.loads(pickle.dumps(media))
    assert again.times == media.times
    for wrong in ({"fps": 0}, {"times": [[0, 1]]}, {"times": [[0, 2, 1, 3]]}, {"fps": [1, 2]}):
        with pytest.raises(MediaError):
            Media("video", [frames], **wrong)
    with pytest.raises(MediaError, match=r"shape \[frames, 3, height, width\]"):
        Media("video", [frames[0]])
