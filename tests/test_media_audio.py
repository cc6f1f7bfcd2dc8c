"""Sound files: every format, by its content; those that are damaged."""

from pathlib import Path

import numpy as np
import pytest
from sample_files import NO_SAMPLES, SAMPLE_FILES
from sound_reading import encoded, read, sine, the_error, through_ffmpeg

import zoo

FORMATS = SAMPLE_FILES / "audio-formats"


@pytest.mark.parametrize(
    ("name", "subtype", "off"),
    [
        ("WAV", "PCM_16", 1e-4),
        ("WAV", "PCM_U8", 1e-2),
        ("WAV", "FLOAT", 0),
        ("FLAC", "PCM_24", 1e-6),
        ("AIFF", "PCM_16", 1e-4),
        ("OGG", "VORBIS", 0.1),
        ("MP3", "MPEG_LAYER_III", 0.05),
    ],
)
def test_formats_of_libsndfile(name: str, subtype: str, off: float):
    sound = sine(8000, 16000, channels=2)
    media = read(encoded(sound, 16000, name, subtype))
    assert (media.modality, media.rate, media.tensor.shape) == ("audio", 16000, (1, 2, 8000))
    assert np.abs(media.numpy()[0].T - sound).max() <= off


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("webm", "libopus")])
def test_formats_of_ffmpeg(container: str, codec: str, tmp_path: Path):
    sound = sine(24000, 48000)
    path = tmp_path / "sound.m4a"
    path.write_bytes(through_ffmpeg(sound, 48000, container, codec))
    media = zoo.read(path)
    assert media.rate == 48000
    assert 23000 < media.items[0].shape[1] < 27000
    assert 0.3 < float(media.items[0].square().mean().sqrt()) < 0.4


@pytest.mark.skipif(not FORMATS.is_dir(), reason=NO_SAMPLES)
def test_every_sample_file_is_one_second():
    paths = [path for path in sorted(FORMATS.iterdir()) if path.suffix != ".tsv"]
    assert len(paths) == 19
    for path in paths:
        media = read(path)
        assert media.rate is not None
        assert media.items[0].shape[1] / media.rate == pytest.approx(1, abs=0.03), path.name
        assert 0.01 < float(media.items[0].abs().max()) < 1.2, path.name
        assert media.items[0].shape[0] == {"six_channel.wav": 6}.get(
            path.name, 1 if "mono" in path.name else 2
        )
    reference = read(FORMATS / "f32.wav").tensor
    for name, off in {"s16.flac": 4e-5, "s24.wav": 1e-6, "s32.wav": 1e-6, "u8.wav": 8e-3}.items():
        assert (read(FORMATS / name).tensor - reference).abs().max() < off, name


def test_a_wrong_extension_does_not_matter(tmp_path: Path):
    path = tmp_path / "really_flac.wav"
    path.write_bytes(encoded(sine(800, 8000), 8000, "FLAC"))
    assert zoo.read(path).rate == 8000
    path = tmp_path / "song.mp3"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "it looks like image" in the_error(path)


@pytest.mark.parametrize(("name", "subtype"), [("WAV", "PCM_16"), ("FLAC", None), ("MP3", None)])
def test_a_file_that_is_cut_short_is_no_shorter_sound(name: str, subtype: str | None, capfd):
    whole = encoded(sine(32000, 16000), 16000, name, subtype)
    message = the_error(whole[: len(whole) * 6 // 10])
    assert "cut short" in message or "decoded" in message
    capfd.readouterr()  # mpg123 says something of its own


def test_a_wav_that_went_through_a_pipe_has_no_known_size():
    data = bytearray(encoded(sine(800, 8000), 8000, "WAV", "PCM_16"))
    place = data.index(b"data") + 4
    data[place : place + 4] = b"\xff\xff\xff\xff"
    assert read(bytes(data)).items[0].shape == (1, 800)


def test_bad_files_are_named(tmp_path: Path):
    assert "no such file" in the_error(tmp_path / "missing.wav")
    assert "0 bytes" in the_error(b"")
    assert "libsndfile" in the_error(b"RIFF\x00\x00\x00\x00WAVEfmt " + bytes(40))
    assert "empty (0 samples)" in the_error((np.zeros(0), 8000))
    assert "no samples" in the_error(encoded(np.zeros((0, 1)), 8000, "WAV"))
    broken = sine(100, 8000)
    broken[7] = np.nan
    assert "NaN" in the_error(encoded(broken, 8000, "WAV", "FLOAT"))
    good = (sine(100, 8000), 8000)
    assert the_error([good, (broken, 8000)]).startswith("item 2 of 2 (ndarray [100, 1], 8000 Hz")
