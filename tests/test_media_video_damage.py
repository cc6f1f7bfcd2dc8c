"""Videos that are cut short, damaged, too large or no videos."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from video_files import encoded
from video_reading import FRAMES, SHARP, read, the_error

import zoo
from zoo.media import open_video


def index_first(data: bytes, path: Path) -> bytes:
    """The same packets in a new mp4 file, whose index comes before them."""
    fast = {"movflags": "faststart"}
    with av.open(io.BytesIO(data)) as old, av.open(path, "w", "mp4", options=fast) as new:
        track = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.size:
                packet.stream = track
                new.mux(packet)
    return path.read_bytes()


def test_a_file_that_is_cut_short_is_an_error_that_says_so(tmp_path: Path) -> None:
    frames = list(np.random.default_rng(0).integers(0, 256, (10, 48, 64, 3), np.uint8))
    for container, codec, pixels, options in (
        ("mp4", "libx264", "yuv420p", {"preset": "ultrafast", "g": "2"}),
        ("mov", "libx264", "yuv420p", {"preset": "ultrafast", "g": "2"}),
        ("matroska", "ffv1", "bgr0", {}),
        ("avi", "mjpeg", "yuvj420p", {}),
    ):
        data = encoded(frames, container, codec, pixels, **options)
        assert len(read(data).items[0]) == 10
        for share in (0.02, 0.4, 0.9, 0.999):
            cut = data[: int(len(data) * share)]
            assert "cut short" in the_error(cut) or share == 0.02
    fast = index_first(encoded(frames, g="2", preset="ultrafast"), tmp_path / "f.mp4")
    message = the_error(fast[: len(fast) * 2 // 3])
    assert "of 10 frames are there" in message
    assert "bytes are missing" in message


def test_damaged_frames_are_named() -> None:
    frames = list(np.random.default_rng(0).integers(0, 256, (6, 48, 64, 3), np.uint8))
    for container, codec, pixels in (("mov", "png", "rgb24"), ("mp4", "libx264", "yuv420p")):
        data = bytearray(
            encoded(frames, container, codec, pixels, **({"g": "4"} if codec != "png" else {}))
        )
        middle = len(data) // 2
        data[middle : middle + 40] = bytes(range(40))
        assert "frame 3 of 6 cannot be decoded" in the_error(bytes(data))
        clip = open_video(bytes(data))
        assert len(clip.stacked([0, 1])) == 2


def test_what_is_no_video_is_told_so(tmp_path: Path) -> None:
    for name, content, message in (
        ("text.mp4", b"not a video at all" * 9, "not a video that FFmpeg can read"),
        ("empty.mp4", b"", "empty (0 bytes)"),
        ("noise.mkv", bytes(np.random.default_rng(0).integers(0, 256, 999, np.uint8)), "not a vi"),
    ):
        (tmp_path / name).write_bytes(content)
        assert f"{name}: " in the_error(tmp_path / name)
        assert message in the_error(tmp_path / name)
    assert the_error(tmp_path / "gone.mp4").endswith("no such file")
    zoo.Media("audio", [torch.zeros(1, 800)], rate=8000).save(tmp_path / "sound.wav")
    assert "no pictures in it" in the_error(tmp_path / "sound.wav")
    assert "looks like audio" in the_error(tmp_path / "sound.wav")


def test_more_than_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo.media.video._memory", lambda: 1000)
    assert "zoo.media.open_video(path) reads parts" in the_error(encoded(FRAMES[:2], **SHARP))
