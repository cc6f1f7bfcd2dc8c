"""Videos as files and in notebooks."""

from pathlib import Path

import pytest
import torch
from video_files import numbers, pictures
from video_reading import FRAMES, read, stacked

from zoo.errors import MediaError
from zoo.media import Media


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".webm", ".mkv", ".gif"])
@pytest.mark.parametrize("size", [(48, 64), (47, 63)])
def test_what_is_written_is_read_back(suffix: str, size: tuple[int, int], tmp_path: Path) -> None:
    frames = stacked(pictures(7, *size)).to(torch.uint8)
    path = tmp_path / f"out{suffix}"
    Media("video", [frames], fps=10).save(path)
    back = read(path)
    assert back.fps == pytest.approx(10)
    assert len(back.items[0]) == 7
    padded = suffix in (".mp4", ".mov", ".webm")
    assert back.items[0].shape[2:] == tuple(n + n % 2 * padded for n in size)
    error = (back.items[0][:, :, : size[0], : size[1]].int() - frames.int()).abs().float()
    assert error.mean() < {".mkv": 1e-9, ".gif": 3}.get(suffix, 4)


def test_times_are_written(tmp_path: Path) -> None:
    times = [0, 0.1, 0.4, 0.5, 1.5]
    frames = stacked(FRAMES[:5]).to(torch.uint8)
    for suffix in (".mp4", ".mkv", ".webm", ".gif"):
        Media("video", [frames], times=[times]).save(tmp_path / f"v{suffix}")
        back = read(tmp_path / f"v{suffix}")
        assert back.times is not None
        assert back.times[0] == pytest.approx(times, abs=1.1e-2 if suffix == ".gif" else 1.1e-3)
    ntsc = Media("video", [frames], fps=30000 / 1001)
    ntsc.save(tmp_path / "ntsc.mp4")
    assert read(tmp_path / "ntsc.mp4").fps == pytest.approx(30000 / 1001, rel=1e-9)
    one = Media("video", [frames[:1]], fps=5)
    one.save(tmp_path / "one.mp4")
    assert read(tmp_path / "one.mp4").items[0].shape == (1, 3, 48, 64)
    repeated = Media("video", [frames], times=[[0, 0, 0, 1, 1]])
    repeated.save(tmp_path / "still.mkv")
    assert numbers(read(tmp_path / "still.mkv").items[0]) == [2, 4]
    bare = Media("video", [frames])
    with pytest.raises(MediaError, match="no times.*save\\(path, fps=25\\)"):
        bare.save(tmp_path / "bare.mp4")
    assert not (tmp_path / "bare.mp4").exists()
    bare.save(tmp_path / "bare.mp4", fps=25)
    assert read(tmp_path / "bare.mp4").fps == 25


def test_a_notebook_gets_a_player() -> None:
    media = Media("video", [stacked(FRAMES[:2]).to(torch.uint8)], fps=5)
    assert media._repr_html_().startswith("<video controls loop")
    assert media._repr_png_() is None
