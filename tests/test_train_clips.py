"""Videos to train on: a bank on disk, windows drawn from it, windows to judge by."""

from pathlib import Path

import numpy as np
import pytest
import torch
from video_files import encoded, pictures

from zoo.errors import MediaError
from zoo.media.listing import list_entries
from zoo.train.clips import ClipBank, Shape, build_clips, held_out_windows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "videos"
    place.mkdir()
    (place / "a.mp4").write_bytes(encoded(pictures(12, 48, 64), rate=10))
    (place / "b.mp4").write_bytes(encoded(pictures(6, 64, 32), rate=5))
    return place


def test_videos_are_scaled_to_fit_a_crop_with_a_margin(folder: Path, tmp_path: Path) -> None:
    entries = list(list_entries(folder, "video"))
    path = tmp_path / "bank" / "train.npy"
    bank = build_clips(entries, (16, 16), 1.25, path, progress=False)
    assert [shape[1:] for shape in bank.shapes] == [(12, 20, 27, 10.0), (6, 40, 20, 5.0)]
    assert bank.video(0).shape == (12, 3, 20, 27)
    assert bank.video(1).mean() > 20
    stamp = path.stat().st_mtime_ns
    again = build_clips(entries, (16, 16), 1.25, path, progress=False)
    assert path.stat().st_mtime_ns == stamp
    assert np.array_equal(again.video(1), bank.video(1))
    build_clips(entries, (16, 16), 1.5, path, progress=False)
    assert path.stat().st_mtime_ns != stamp


def test_a_damaged_video_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "c.mp4").write_bytes(b"no video")
    entries = list(list_entries(folder, "video"))
    with pytest.raises(MediaError, match=r"c\.mp4"):
        build_clips(entries, (16, 16), 1.25, tmp_path / "train.npy", progress=False)
    assert not (tmp_path / "train.npy").exists()
    with pytest.raises(MediaError, match=r"c\.mp4"):
        held_out_windows(entries, lambda content: _fail(content), 4)


def _fail(content: bytes) -> list[torch.Tensor]:
    if content == b"no video":
        raise MediaError("not a video")
    return [torch.zeros(1)]


def numbered() -> ClipBank:
    """Two videos in which every pixel tells the video, the frame, the row and the column."""
    videos, shapes, start = [], [], 0
    for number, (frames, height, width, fps) in enumerate([(30, 10, 12, 10.0), (8, 8, 9, 5.0)]):
        t, y, x = np.meshgrid(np.arange(frames), np.arange(height), np.arange(width), indexing="ij")
        video = np.stack([100 * number + t, y, x], axis=1).astype(np.uint8)
        shapes.append(Shape(start, frames, height, width, fps))
        videos.append(video.reshape(-1))
        start += video.size
    return ClipBank(np.concatenate(videos), shapes)


def test_windows_are_crops_at_a_steady_pace() -> None:
    source = numbered().windows(4, (8, 8), fps=5.0)
    rows = torch.randint(len(source), (40,), generator=torch.Generator().manual_seed(0))
    batch = source[rows]
    assert batch.shape == (40, 4, 3, 8, 8)
    assert batch.dtype == torch.uint8
    assert torch.equal(source[rows], batch)  # the same rows are the same windows
    times = batch[:, :, 0, 0, 0].int()
    second = times[:, 0] >= 100
    assert 4 <= int(second.sum()) <= 25  # about as often as it is long: 1.6 of 4.6 seconds
    steps = times.diff(dim=1)
    assert set(steps[second].flatten().tolist()) == {1}
    assert set(steps[~second].flatten().tolist()) == {2}
    assert len(set(times[:, 0].tolist())) > 10
    rows_seen, columns = batch[:, 0, 1, :, 0].int(), batch[:, 0, 2, 0].int()
    assert set(rows_seen.diff(dim=1).flatten().tolist()) == {1}
    assert set(columns.diff(dim=1).flatten().tolist()) == {1, -1}  # half of them mirrored


def test_short_videos_are_slowed_down_to_fill_a_window() -> None:
    source = numbered().windows(8, (8, 8), fps=1.0).paced(1.0, 2.0)
    batch = source[torch.arange(30)]
    times = batch[:, :, 0, 0, 0].int() % 100
    assert (times.diff(dim=1) >= 1).all()
    assert times.max() <= 29


def test_windows_to_judge_by_are_spread_over_all_videos(folder: Path) -> None:
    entries = list(list_entries(folder, "video"))
    sizes = {entry.read(): number for number, entry in enumerate(entries)}

    def pieces(content: bytes) -> list[torch.Tensor]:
        return [torch.tensor([sizes[content], place]) for place in range(5)]

    assert held_out_windows(entries, pieces, 4).tolist() == [[0, 0], [0, 3], [1, 1], [1, 4]]
    assert len(held_out_windows(entries, pieces, 99)) == 10
