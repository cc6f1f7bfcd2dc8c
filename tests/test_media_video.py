"""Video: containers, codecs, times, damage, arrays, sampling, writing."""

import io
import pickle
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from PIL import Image
from sample_files import NO_SAMPLES, SAMPLE_FILES
from samples import video
from video_files import encoded, numbers, pictures

import zoo
from zoo.errors import MediaError
from zoo.media import Media, VideoPrepare, open_video, restore_video
from zoo.media.video_frame import turn
from zoo.media.video_sampling import dense, spread
from zoo.tokens import Origin

FORMATS = SAMPLE_FILES / "video-formats"
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


# damage


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


# arrays


def test_arrays_and_lists_of_pictures() -> None:
    frames = video(5, 12, 16, 0)
    for value in (
        (frames, 4),
        (frames.numpy(), 4.0),
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


# writing


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


# sampling and preparing


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
