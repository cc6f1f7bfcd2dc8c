"""Reading sounds in tests: tones, files of them, and what a bad one is told."""

import io

import av
import numpy as np
import pytest
import soundfile

import zoo
from zoo.errors import MediaError
from zoo.media import Media


def sine(samples: int, rate: int, hertz: float = 440.0, channels: int = 1) -> np.ndarray:
    """[samples, channels] in -0.5..0.5; each channel an octave higher."""
    time = np.arange(samples)[:, None] / rate
    return (0.5 * np.sin(2 * np.pi * hertz * 2 ** np.arange(channels) * time)).astype(np.float32)


def encoded(sound: np.ndarray, rate: int, name: str, subtype: str | None = None) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, sound, rate, subtype, format=name)
    return stream.getvalue()


def through_ffmpeg(sound: np.ndarray, rate: int, container: str, codec: str) -> bytes:
    layout = {1: "mono", 2: "stereo"}[sound.shape[1]]
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as file:
        track = file.add_stream(codec, rate=rate)
        assert isinstance(track, av.AudioStream)
        track.layout = layout
        frame = av.AudioFrame.from_ndarray(sound.T.copy(), format="fltp", layout=layout)
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
