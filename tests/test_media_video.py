"""Video files: containers, codecs, times."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from PIL import Image
from sample_files import NO_SAMPLES, SAMPLE_FILES
from video_files import encoded, numbers, pictures
from video_reading import FRAMES, SHARP, read, stacked, the_error

import zoo
from zoo.media import open_video
from zoo.media.video_frame import turn

FORMATS = SAMPLE_FILES / "video-formats"


# files

KINDS = {
    "h264-mp4": ("mp4", "libx264", "yuv420p", SHARP),
    "h264-bframes": ("mp4", "libx264", "yuv420p", {"crf": "10", "bf": "3", "g": "6"}),
    "h264-mov": ("mov", "libx264", "yuv420p", SHARP),
    "h264-mkv": ("matroska", "libx264", "yuv420p", SHARP),
    "h264-ts": ("mpegts", "libx264", "yuv420p", SHARP),
    "h264-10-bit": ("mp4", "libx264", "yuv420p10le", SHARP),
    "h264-444": ("mp4", "libx264", "yuv444p", SHARP),
    "hevc": ("mp4", "libx265", "yuv420p", {"preset": "ultrafast", "x265-params": "log-level=-1"}),
    "vp8": ("webm", "libvpx", "yuv420p", {"crf": "4", "b:v": "2M", "cpu-used": "4"}),
    "vp9": ("webm", "libvpx-vp9", "yuv420p", {"crf": "10", "b:v": "0", "cpu-used": "8"}),
    "av1": ("matroska", "libsvtav1", "yuv420p", {"preset": "13", "crf": "10"}),
    "mpeg4-avi": ("avi", "mpeg4", "yuv420p", {"b:v": "4M"}),
    "mpeg4-bframes-avi": ("avi", "mpeg4", "yuv420p", {"b:v": "4M", "bf": "2"}),
    "mpeg2": ("mpeg", "mpeg2video", "yuv420p", {"b:v": "4M"}),
    "mjpeg-avi": ("avi", "mjpeg", "yuvj420p", {"q:v": "2"}),
    "ffv1": ("matroska", "ffv1", "bgr0", {}),
    "png-alpha": ("mov", "png", "rgba", {}),
    "gif": ("gif", "gif", "rgb8", {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_its_frames_in_order(kind: str) -> None:
    container, codec, pixels, options = KINDS[kind]
    data = encoded(FRAMES, container, codec, pixels, rate=10, **options)
    media = read(data)
    assert media.items[0].shape == (12, 3, 48, 64)
    assert media.items[0].dtype == torch.uint8
    assert numbers(media.items[0]) == [n % 5 for n in range(12)]
    assert media.fps == 10
    assert media.times is not None
    assert media.times[0] == pytest.approx([n / 10 for n in range(12)], abs=2e-3)
    clip = open_video(data)
    some = clip.stacked([0, 3, 3, 7, 11])
    assert torch.equal(some, media.items[0][[0, 3, 3, 7, 11]])
    if kind in ("ffv1", "png-alpha"):
        assert torch.equal(media.items[0].int(), stacked(FRAMES))


def test_a_bare_stream_has_frames_but_no_times_of_its_own() -> None:
    data = encoded(FRAMES, "h264", "libx264", rate=10, bf="2", **SHARP)
    clip = open_video(data)
    assert (len(clip), clip.fps) == (12, 25)  # FFmpeg's guess
    assert numbers(clip.stacked()) == [n % 5 for n in range(12)]
    assert numbers(clip.stacked([4, 11])) == [4, 1]


def test_a_path_bytes_and_a_file_object_are_the_same(tmp_path: Path) -> None:
    data = encoded(FRAMES, "matroska", "ffv1", "bgr0")
    path = tmp_path / "wrong.txt"
    path.write_bytes(data)
    frames = read(data).items[0]
    assert torch.equal(read(path).items[0], frames)
    assert torch.equal(read(str(path)).items[0], frames)
    with path.open("rb") as file:
        assert torch.equal(read(file).items[0], frames)
    path.rename(tmp_path / "right.mkv")
    assert zoo.read(tmp_path / "right.mkv").modality == "video"
    assert zoo.read(data).modality == "video"


def test_only_what_is_needed_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo.media import video_file

    frames = pictures(60, 16, 16)
    data = encoded(frames, "mp4", "libx264", rate=10, g="10", **SHARP)
    clip = open_video(data)
    seen: list[int] = []
    stamp = video_file._stamp
    monkeypatch.setattr(
        video_file, "_stamp", lambda frame: seen.append(stamp(frame)) or stamp(frame)
    )
    assert numbers(clip.stacked([12, 45])) == [2, 0]
    assert len(set(seen)) <= 12  # of the 60: two groups of 10 as far as they are needed
    assert [len(window) for window in clip.windows(25)] == [25, 25, 10]
    assert torch.equal(torch.cat(list(clip.windows(25))), clip.stacked())


def test_times_are_those_at_which_frames_are_shown() -> None:
    times = [0, 0.04, 0.1, 0.5, 0.52, 2.0]
    for container, codec, pixels in (
        ("mp4", "libx264", "yuv420p"),
        ("matroska", "ffv1", "bgr0"),
        ("webm", "libvpx-vp9", "yuv420p"),
    ):
        media = read(encoded(FRAMES[:6], container, codec, pixels, times=times))
        assert media.times is not None
        assert media.times[0] == pytest.approx(times, abs=1.5e-3)
        assert numbers(media.items[0]) == [0, 1, 2, 3, 4, 0]
    ntsc = read(encoded(FRAMES, rate=Fraction(24000, 1001)))
    assert ntsc.fps == pytest.approx(24000 / 1001, abs=1e-9)
    assert ntsc.times is not None
    assert ntsc.times[0][10] == pytest.approx(10 * 1001 / 24000, abs=1e-4)


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_rotated_recording_is_upright(angle: int) -> None:
    media = read(encoded(FRAMES[:3], rotation=angle, **SHARP))
    upright = np.stack([np.rot90(frame, angle // 90) for frame in FRAMES[:3]])
    expected = torch.from_numpy(upright.copy()).permute(0, 3, 1, 2)
    assert media.items[0].shape == expected.shape
    assert (media.items[0].float() - expected).abs().mean() < 8


def test_mirrored_recordings_are_mirrored_back() -> None:
    one = 1 << 16
    assert turn(None) == (False, ())
    assert turn((-one, 0, 0, 0, one, 0, 0, 0, 1 << 30)) == (False, (2,))
    assert turn((one, 0, 0, 0, -one, 0, 0, 0, 1 << 30)) == (False, (1,))
    assert turn((0, one, 0, one, 0, 0, 0, 0, 1 << 30)) == (True, ())


def test_odd_sizes_sound_one_frame_and_grey() -> None:
    odd = read(encoded(pictures(3, 31, 45), pixels="yuv444p", **SHARP))
    assert odd.items[0].shape == (3, 3, 31, 45)
    spoken = read(encoded(FRAMES, sound=True, **SHARP))
    assert len(spoken.items[0]) == 12
    single = read(encoded(FRAMES[:1], **SHARP))
    assert (single.items[0].shape, single.fps, single.times) == ((1, 3, 48, 64), 25, ((0.0,),))
    grey = read(encoded(FRAMES, "matroska", "ffv1", "gray")).items[0]
    assert torch.equal(grey[:, 0], grey[:, 1])


@pytest.mark.parametrize("space", ["ITU601", "ITU709"])
def test_colours_are_those_that_the_file_states(space: str) -> None:
    data = encoded(FRAMES[:5], pixels="yuv444p", colorspace=space, crf="1")
    assert (read(data).items[0].int() - stacked(FRAMES[:5])).abs().max() <= 4


def test_frames_with_alpha_are_laid_over_white() -> None:
    stream = io.BytesIO()
    shots = [Image.new("RGBA", (16, 12), (200, 0, 0, alpha)) for alpha in (0, 255)]
    with av.open(stream, "w", format="mov") as file:
        track: Any = file.add_stream("png", rate=5)
        track.width, track.height, track.pix_fmt = 16, 12, "rgba"
        for shot in shots:
            file.mux(track.encode(av.VideoFrame.from_ndarray(np.asarray(shot), "rgba")))
        file.mux(track.encode(None))
    frames = read(stream.getvalue()).items[0]
    assert frames[:, :, 0, 0].tolist() == [[255, 255, 255], [200, 0, 0]]


# files from outside

REAL = {
    "anim.gif": (10, (64, 114), 10),
    "ffv1.mkv": (25, (64, 114), 25),
    "fps_23976.mp4": (24, (128, 228), 24000 / 1001),
    "odd_127x71.mp4": (25, (71, 127), 25),
    "one_frame.mp4": (1, (128, 228), 25),
    "rotated90.mp4": (25, (228, 128), 25),
    "vfr.mp4": (20, (128, 228), 125 / 6),
}


@pytest.mark.skipif(not FORMATS.is_dir(), reason=NO_SAMPLES)
def test_real_files() -> None:
    reference = read(FORMATS / "h264.mp4").items[0].float()
    for path in sorted(FORMATS.iterdir()):
        if path.suffix == ".tsv":
            assert "not a video" in the_error(path)
            continue
        if path.stem == "truncated":
            assert "cut short: 9773 bytes are missing" in the_error(path)
            continue
        media = read(path)
        frames, size, fps = REAL.get(path.name, (25, (128, 228), 25))
        assert media.items[0].shape == (frames, 3, *size), path.name
        assert media.fps == pytest.approx(fps), path.name
        if media.items[0].shape == reference.shape and path.stem != "gray":
            assert (media.items[0].float() - reference).abs().mean() < 6, path.name
        clip = open_video(path)
        last = len(clip) - 1
        assert torch.equal(clip.stacked([last // 2, last]), media.items[0][[last // 2, last]])
