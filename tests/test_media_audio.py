"""Sound: reading, arrays, files, preparing and restoring."""

import io
import math
import pickle
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import torch
from sample_files import NO_SAMPLES, SAMPLE_FILES

import zoo
from zoo.errors import MediaError
from zoo.media import AudioPrepare, Media, restore_audio
from zoo.media.audio_prepare import resample

FORMATS = SAMPLE_FILES / "audio-formats"


def sine(samples: int, rate: int, hertz: float = 440.0, channels: int = 1) -> np.ndarray:
    """[samples, channels] in -0.5..0.5; each channel an octave higher."""
    time = np.arange(samples)[:, None] / rate
    return (0.5 * np.sin(2 * np.pi * hertz * 2 ** np.arange(channels) * time)).astype(np.float32)


def encoded(sound: np.ndarray, rate: int, name: str, subtype: str | None = None) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, sound, rate, subtype, format=name)
    return stream.getvalue()


def through_ffmpeg(sound: np.ndarray, rate: int, container: str, codec: str) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as file:
        track = file.add_stream(codec, rate=rate)
        track.layout = "mono"
        frame = av.AudioFrame.from_ndarray(sound.T.copy(), format="fltp", layout="mono")
        frame.sample_rate = rate
        for piece in (frame, None):
            file.mux(track.encode(piece))
    return stream.getvalue()


def read(value: object, **options) -> Media:
    return zoo.read(value, "audio", **options)


def the_error(value: object, **options) -> str:
    with pytest.raises(MediaError) as caught:
        read(value, **options)
    return str(caught.value)


# files


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


# arrays


def test_arrays_of_every_kind_and_layout():
    sound = torch.linspace(-1, 1, 60).reshape(2, 30)
    for value in (sound, sound.T, sound.numpy(), sound.double(), sound.half().float()):
        assert read((value, 8000)).tensor.shape == (1, 2, 30)
    assert torch.equal(read((sound.T, 8000)).items[0], sound)
    assert read((sound[0], 8000)).tensor.shape == (1, 1, 30)
    assert read({"array": sound[0].numpy(), "sampling_rate": 8000}).rate == 8000
    assert len(read((torch.zeros(3, 2, 30), 8000))) == 3
    assert len(read([(sound, 8000), (sound, 16000)])) == 2
    assert zoo.read((sound.numpy(), np.int64(8000))).modality == "audio"
    square = torch.zeros(30, 30)
    assert "layout='ct'" in the_error((square, 8000))
    assert read((square, 8000), layout="tc").items[0].shape == (30, 30)
    assert read((np.float32([0.5]), 8000)).items[0].shape == (1, 1)


@pytest.mark.parametrize(
    ("value", "full"), [("int16", 2**15), ("int32", 2**31), ("int8", 2**7), (">i2", 2**15)]
)
def test_integers_are_scaled(value: str, full: int):
    array = np.array([-full, 0, full // 2], dtype=value)
    assert read((array, 8000)).items[0].tolist() == [[-1.0, 0.0, 0.5]]


def test_unsigned_bytes_are_silent_at_128():
    assert read((np.uint8([0, 128, 192]), 8000)).items[0].tolist() == [[-1.0, 0.0, 0.5]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(4), "no sample rate"),
        ((np.zeros(4), 0), "sample rate is 0"),
        ((np.zeros(4), 22050.5), "whole number"),
        ((np.zeros(4, np.int64), 8000), "int64 has no known range"),
        ((np.zeros(4, bool), 8000), "dtype bool"),
        ((np.full(4, 12000.0), 8000), "values reach 12000"),
        ((np.zeros((2, 2, 2, 2)), 8000), "one axis or two"),
        ({"array": np.zeros(4)}, "sampling_rate"),
        (7, "int is not a sound"),
    ],
)
def test_what_is_no_sound_says_what_to_pass(value: object, message: str):
    assert message in the_error(value)


# the batch


def test_media_has_one_rate_or_one_each():
    sounds = [torch.zeros(1, 8), torch.zeros(2, 4)]
    media = Media("audio", sounds, rate=[8000, 16000])
    assert [one.rate for one in media] == [8000, 16000]
    assert media[1].to("cpu").rate == 16000
    assert pickle.loads(pickle.dumps(media)).rates == (8000, 16000)
    with pytest.raises(MediaError, match="8000, 16000"):
        _ = media.rate
    with pytest.raises(MediaError, match="needs its sample rate"):
        Media("audio", sounds)
    with pytest.raises(MediaError, match="1 sample rates given for 2"):
        Media("audio", sounds, rate=[8000])
    with pytest.raises(MediaError, match=r"\[channels, samples\]"):
        Media("audio", [torch.zeros(8)], rate=8000)
    with pytest.raises(MediaError, match="int16"):
        Media("audio", [torch.zeros(1, 8, dtype=torch.int16)], rate=8000)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_saved_sound_comes_back_to_the_bit(tmp_path: Path, suffix: str):
    steps = torch.randint(-(2**15), 2**15, (2, 500))
    media = Media("audio", [steps / 2**15, torch.tensor([[1.5, -1.5, 0.1]])], rate=[44100, 8000])
    paths = media.save(f"{tmp_path}/{{}}.{suffix}")
    assert torch.equal(read(paths[0]).items[0], media.items[0])
    clipped = read(paths[1])
    assert clipped.rate == 8000
    assert (clipped.items[0] - torch.tensor([[1.0, -1.0, 0.1]])).abs().max() < 1e-4
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"0.{suffix}", f"1.{suffix}"]


def test_what_cannot_be_saved_leaves_nothing(tmp_path: Path):
    with pytest.raises(MediaError, match="NaN"):
        Media("audio", [torch.full((1, 4), torch.nan)], rate=8000).save(tmp_path / "a.wav")
    with pytest.raises(MediaError, match=r"\.wav, \.flac"):
        Media("audio", [torch.zeros(1, 4)], rate=8000).save(tmp_path / "a.xyz")
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_players():
    media = Media("audio", torch.zeros(2, 1, 8), rate=8000)
    assert media._repr_html_().count("<audio controls") == 2
    assert media._repr_png_() is None


# preparing and restoring


def test_a_sound_that_fits_passes_untouched():
    sound = torch.rand(1, 999) - 0.5
    prepared = AudioPrepare(24000, 1)((sound, 24000))
    assert torch.equal(prepared.tensor, sound)
    assert prepared.origin.to_dict() == {
        "samples": 999,
        "rate": 24000,
        "out_samples": 999,
        "channels": 1,
    }


@pytest.mark.parametrize(("rate", "wanted"), [(8000, 24000), (44100, 16000), (192000, 24000)])
def test_resampling_keeps_the_tone_and_the_length(rate: int, wanted: int):
    samples = rate // 2 + 7
    prepared = AudioPrepare(wanted, 1)((sine(samples, rate), rate))
    length = round(samples * wanted / rate)
    assert prepared.tensor.shape == (1, length)
    assert prepared.origin.out_samples == length
    expected = torch.from_numpy(sine(length, wanted).T)
    inner = slice(200, length - 200)  # beyond the edges of the filter
    assert (prepared.tensor - expected)[:, inner].abs().max() < 0.02
    back = restore_audio(prepared.tensor, prepared.origin, rate=wanted)
    assert back.shape == (1, samples)


def test_channels_are_mixed_and_copied():
    stereo = torch.stack([torch.full((50,), 0.5), torch.full((50,), 0.1)])
    assert torch.allclose(AudioPrepare(8000, 1)((stereo, 8000)).tensor, torch.tensor(0.3))
    copied = AudioPrepare(8000, 2)((stereo[0], 8000))
    assert torch.equal(copied.tensor, stereo[:1].expand(2, -1))
    eight = AudioPrepare(8000, 2)((torch.rand(8, 50), 8000))
    assert (tuple(eight.tensor.shape), eight.origin.channels) == ((2, 50), 8)


def test_short_and_silent_sounds_are_sounds():
    one = AudioPrepare(16000, 1)((np.float32([0.25]), 192000))
    assert (one.tensor.shape, one.origin.samples, one.origin.out_samples) == ((1, 1), 1, 1)
    silent = AudioPrepare(16000, 1)((np.zeros(100), 44100))
    assert not bool(silent.tensor.any())


def test_rates_without_a_common_divisor_do_not_fill_the_memory():
    with pytest.raises(MediaError, match="too large a filter"):
        AudioPrepare(24000, 1)((np.zeros(100), 44099))
    assert resample(torch.zeros(1, 441), 44100, 48000).shape == (1, 480)


def test_prepare_can_be_sent_to_a_worker_and_takes_one_sound():
    prepare = pickle.loads(pickle.dumps(AudioPrepare(8000, 1)))
    assert prepare == AudioPrepare(8000, 1)
    with pytest.raises(MediaError, match="one sound at a time, got 2"):
        prepare([(np.zeros(4), 8000)] * 2)


def test_restoring_trims_fills_and_clamps():
    origin = AudioPrepare(8000, 1)((np.zeros(10), 8000)).origin
    longer, shorter = torch.full((1, 16), 1.5), torch.ones(1, 8)
    assert restore_audio(longer, origin).tolist() == [[1.0] * 10]
    assert restore_audio(shorter, origin).tolist() == [[1.0] * 8 + [0.0] * 2]
    assert restore_audio(longer, origin, native=True).shape == (1, 16)
    assert restore_audio(longer, None).shape == (1, 16)


def test_nothing_warns_on_reading():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isclose(float(read((np.ones(4) / 2, 8000)).tensor.mean()), 0.5)
