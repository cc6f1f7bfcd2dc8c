"""All of a sound or an error: MP3s that do not say how long they are, files that are cut short."""

import io
import struct

import numpy as np
import pytest
import soundfile
from sound_reading import encoded, read, sine, the_error, through_ffmpeg

from zoo.media.mpeg_audio import frame_bytes

ID3 = b"ID3\x03\x00\x00\x00\x01\x6a\x30" + b"art!" * 7500  # 30000 bytes
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 40, 1, 0xA0000000) + bytes(8) + b"x" * 40
ID3_V1 = b"TAG" + bytes(125)
SAMPLES = 1152  # of a frame at 44.1 kHz


def mp3(mode: str, channels: int = 2) -> tuple[bytes, bytes]:
    """A header that counts the frames of a quiet, then loud and noisy sound; those frames."""
    rng = np.random.default_rng(0)
    sound = 0.5 * sine(44100, 44100, channels=channels)
    sound += 0.1 * rng.standard_normal(sound.shape).astype(np.float32)
    sound[:20000] *= 1e-3
    stream = io.BytesIO()
    with soundfile.SoundFile(
        stream,
        "w",
        44100,
        channels,
        "MPEG_LAYER_III",
        format="MP3",
        bitrate_mode=mode,
        compression_level=0.5,
    ) as file:
        file.write(sound)
    data = stream.getvalue()
    return data[: frame_bytes(data)], data[frame_bytes(data) :]


def frames_of(data: bytes) -> list[bytes]:
    found = []
    while data:
        found.append(data[: frame_bytes(data)])
        data = data[frame_bytes(data) :]
    return found


def samples(data: bytes) -> int:
    return read(data).items[0].shape[1]


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_an_mp3_that_does_not_count_its_frames_is_read_whole(mode: str):
    head, bare = mp3(mode)
    frames = frames_of(bare)
    whole = read(head + bare).items[0]
    assert whole.shape == (2, 44100)  # without the encoder's delay
    assert len({len(frame) for frame in frames}) > 1
    for data in (
        bare,
        ID3 + bare,
        ID3 + ID3 + bare + APE + ID3_V1,
        bare + bytes(5000),
        b"".join(frames[5:]) + bytes(3),
    ):
        left = len(frames) - 5 * data.startswith(frames[5])
        assert samples(data) == left * SAMPLES
    delay = 1105  # samples: the encoder's 576 and the decoder's 529
    same = read(bare).items[0][:, delay : delay + 44100]
    assert (same - whole).abs()[:, 3000:].max() < 1e-4  # the head has the first frames' bits


def test_an_mp3_that_counts_its_frames_stays_with_libsndfile():
    head, bare = mp3("VARIABLE")
    expected, _ = soundfile.read(io.BytesIO(head + bare), dtype="float32")
    for before in (b"", ID3):
        assert np.array_equal(read(before + head + bare).numpy()[0].T, expected)


@pytest.mark.parametrize("flags", [0, 2])
def test_a_header_without_the_count_and_one_that_libsndfile_does_not_know(flags: int):
    head, bare = mp3("VARIABLE")
    count = len(frames_of(bare))
    size = struct.pack(">I", len(head + bare)) if flags else b""
    uncounted = head[:36] + b"Xing" + struct.pack(">I", flags) + size
    found = samples(uncounted.ljust(len(head), b"\0") + bare)
    assert found in (count * SAMPLES, (count + 1) * SAMPLES)  # FFmpeg plays one without flags
    fields = struct.pack(">HHHIIHHHH", 1, 0, 75, len(bare), count, 1, 1, 2, 1)
    vbri = (head[:4] + bytes(32) + b"VBRI" + fields).ljust(len(head), b"\0")
    assert samples(vbri + bare) == count * SAMPLES


def test_sounds_of_one_kind_put_together_are_all_read():
    _, bare = mp3("VARIABLE")
    frames = len(frames_of(bare))
    assert samples(bare + ID3_V1 + ID3 + bare) == 2 * frames * SAMPLES
    assert "amid it are no MPEG" in the_error(bare[:5000] + b"junk" * 50 + bare[5000:])
    assert "900 bytes amid it" in the_error(bare + bytes(900) + bare)


def test_mp3s_that_count_their_own_frames_put_together_are_all_read():
    head, bare = mp3("VARIABLE")
    one = read(head + bare).numpy()[0]
    for between in (b"", ID3, ID3_V1, ID3_V1 + ID3):
        both = read(head + bare + between + head + bare).numpy()[0]
        assert both.shape[1] >= 2 * 44100
        assert np.abs(both[:, 10000:40000] - one[:, 10000:40000]).max() < 1e-4
        start = both.shape[1] - samples(bare)  # of the second's frames, with the encoder's delay
        second = both[:, start + 1105 :][:, 10000:40000]
        assert np.abs(second - one[:, 10000:40000]).max() < 1e-4
    expected, _ = soundfile.read(io.BytesIO(head + bare), dtype="float32")
    for behind in (ID3_V1, APE + ID3_V1, bytes(900), b"\xff\xfb\x90\x00junk" * 50):
        assert np.array_equal(read(head + bare + behind).numpy()[0].T, expected)


def test_sounds_of_two_kinds_put_together_are_refused():
    stereo, mono = mp3("CONSTANT")[1], mp3("CONSTANT", channels=1)[1]
    message = the_error(stereo + mono)
    assert "from 44100 Hz, stereo to 44100 Hz, mono after 1.0" in message
    low = through_ffmpeg(sine(11025, 22050), 22050, "adts", "aac")
    high = through_ffmpeg(sine(22050, 44100), 44100, "adts", "aac")
    assert samples(low + low) == 2 * samples(low)
    assert "from 22050 Hz, mono to 44100 Hz, mono after" in the_error(low + high)


@pytest.mark.parametrize("lost", [1, 50, 100])
def test_an_mp3_whose_last_frame_is_cut_off_is_no_shorter_sound(lost: int):
    _, bare = mp3("VARIABLE")
    assert f"cut short: {lost} bytes of its last frame" in the_error(bare[:-lost])
    last = len(frames_of(bare)[-1])
    assert "cut short" in the_error(ID3 + bare[: 2 - last])


def test_mpeg_audio_of_other_layers_and_inside_a_wav():
    layer_2 = through_ffmpeg(sine(44100, 44100), 44100, "mp2", "mp2")
    count = len(frames_of(layer_2))
    assert samples(layer_2) == count * SAMPLES
    assert "of its last frame" in the_error(layer_2[:-1])
    wav = through_ffmpeg(sine(44100, 44100), 44100, "wav", "libmp3lame")
    assert samples(wav) % SAMPLES == 0
    assert 44100 <= samples(wav) < 44100 + 3 * SAMPLES


@pytest.mark.parametrize(
    ("container", "codec"), [("webm", "libopus"), ("matroska", "aac"), ("ipod", "aac")]
)
def test_a_container_that_is_cut_short_is_no_shorter_sound(container: str, codec: str):
    whole = through_ffmpeg(sine(48000, 48000), 48000, container, codec)
    assert samples(whole) >= 48000
    for part in (0.5, 0.9, 0.99):
        assert "cut short" in the_error(whole[: int(part * len(whole))])


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("AIFF", "PCM_16"),
        ("AIFF", "PCM_U8"),
        ("AU", "PCM_16"),
        ("CAF", "PCM_16"),
        ("W64", "PCM_16"),
        ("RF64", "PCM_16"),
        ("WAV", "GSM610"),
    ],
)
def test_a_sound_file_that_is_cut_short_is_no_shorter_sound(name: str, subtype: str):
    noise = np.random.default_rng(0).standard_normal((64001, 1)).astype(np.float32) * 0.1
    whole = encoded(noise, 16000, name, subtype)
    assert samples(whole) >= 64001
    assert samples(whole + b"appended") >= 64001
    for end in (len(whole) // 2, len(whole) * 9 // 10, len(whole) - 2):
        assert "cut short" in the_error(whole[:end])


def test_files_that_came_through_a_pipe_are_read():
    """Their programs could not come back to say how long they are."""
    sound = sine(8000, 16000)
    wav = encoded(sound, 16000, "WAV")
    place = wav.index(b"data") + 4
    for size in (0x7FFFF000, 0x7FFFFF00, 2**31, 2**32 - 1, 2**32 - 37):  # sox, arecord, FFmpeg, ...
        assert samples(wav[:place] + struct.pack("<I", size) + wav[place + 4 :]) == 8000
    flac = bytearray(encoded(sound, 16000, "FLAC"))
    expected = read(bytes(flac)).numpy()
    flac[21] &= 0xF0  # the number of samples has 36 bits
    flac[22:26] = bytes(4)
    assert np.array_equal(read(bytes(flac)).numpy(), expected)
    the_error(bytes(flac[: len(flac) // 2]))


def test_a_number_of_samples_that_no_memory_holds_is_a_clear_error():
    flac = bytearray(encoded(sine(8000, 16000), 16000, "FLAC"))
    flac[21] |= 0xF
    flac[22:26] = b"\xff" * 4
    assert "68719476735 samples" in the_error(bytes(flac))
