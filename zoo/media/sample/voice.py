"""A few syllables of a voice that nobody has: harmonics shaped by moving formants, and hisses."""

import numpy as np

from .paint import Array

RATE = 16000  # Hz

# What is heard: seconds, the formants in Hz at its end, voice 0..1, hiss 0..1, the hiss's pitch.
_SPEECH: tuple[tuple[float, tuple[float, float, float], float, float, float], ...] = (
    (0.08, (300, 1800, 2600), 0.0, 0.0, 6000),
    (0.12, (300, 1800, 2600), 0.0, 0.5, 6000),  # s
    (0.20, (750, 1250, 2500), 1.0, 0.0, 6000),  # a
    (0.09, (280, 1100, 2400), 0.4, 0.0, 3000),  # m
    (0.18, (480, 1900, 2600), 1.0, 0.0, 3000),  # e
    (0.10, (300, 2000, 2700), 0.0, 0.7, 3200),  # sh
    (0.20, (290, 2250, 3000), 0.9, 0.0, 3200),  # i
    (0.07, (350, 1300, 2500), 0.0, 0.0, 4000),
    (0.02, (350, 1300, 2500), 0.0, 0.8, 4000),  # t
    (0.22, (480, 850, 2400), 1.0, 0.0, 4000),  # o
    (0.09, (350, 1100, 2600), 0.5, 0.1, 5000),  # v
    (0.30, (310, 750, 2300), 0.9, 0.0, 5000),  # u
    (0.15, (310, 750, 2300), 0.0, 0.0, 5000),
)
_WIDTHS = (80.0, 110.0, 160.0)  # of the formants, Hz
_HARMONICS = 60
_MOVING = 0.035  # seconds in which the mouth gets to the next sound
_LOUDEST = 0.6


def sample_sound() -> tuple[Array, int]:
    """Speech-like sound [samples] in -1..1, just under 2 seconds, and its rate; always the same."""
    places = np.cumsum([0.0, *(part[0] for part in _SPEECH)])
    time = np.arange(round(places[-1] * RATE)) / RATE
    formants = [_track(time, [part[1][i] for part in _SPEECH]) for i in range(3)]
    voice = _track(time, [part[2] for part in _SPEECH])
    hiss = _track(time, [part[3] for part in _SPEECH])
    pitch = _track(time, [part[4] for part in _SPEECH])
    sound = voice * _harmonics(time, formants) + 0.08 * hiss * _hiss(time, pitch)
    return (sound / np.abs(sound).max() * _LOUDEST).astype(np.float32), RATE


def _track(time: Array, values: list[float]) -> Array:
    """A value per sound as a curve: held, with short glides where one goes over to the next."""
    begins = np.cumsum([0.0, *(part[0] for part in _SPEECH)])[:-1]
    curve = np.full_like(time, values[0])
    for begin, before, after in zip(begins[1:], values, values[1:], strict=False):
        share = np.clip((time - begin) / _MOVING + 0.5, 0, 1)
        curve += (after - before) * (0.5 - 0.5 * np.cos(np.pi * share))
    return curve


def _harmonics(time: Array, formants: list[Array]) -> Array:
    """A falling melody with a little vibrato, each harmonic as loud as the mouth lets it out."""
    melody = 150 - 22 * time + 4 * np.sin(2 * np.pi * 5 * time)
    phase = 2 * np.pi * np.cumsum(melody) / RATE
    sound = np.zeros_like(time)
    for number in range(1, _HARMONICS + 1):
        height = number * melody
        gain = np.where(height < RATE / 2, 1.0 / number, 0.0)
        for centre, width in zip(formants, _WIDTHS, strict=True):
            gain = gain * centre**2 / np.hypot(centre**2 - height**2, width * height)
        sound += gain * np.sin(number * phase)
    return sound


def _hiss(time: Array, pitch: Array) -> Array:
    """Noise around a pitch in Hz: slow noise on a carrier."""
    random = np.random.default_rng(0)
    smooth = np.hanning(12)
    slow = [np.convolve(random.standard_normal(len(time)), smooth, "same") for _ in range(2)]
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    return slow[0] * np.cos(phase) + slow[1] * np.sin(phase)
