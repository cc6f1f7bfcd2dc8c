"""Distances of magnitude spectrograms, plain and mel, with the constants of DAC's evaluation.

Source: descript-audio-codec, dac/nn/loss.py (MultiScaleSTFTLoss, MelSpectrogramLoss) at their
defaults, as scripts/evaluate.py calls them.
"""

import warnings
from functools import cache
from typing import Any

import torch
from torch import Tensor

from zoo.media.audio_prepare import resample

from .base import Column, SampleMetric
from .pair import Pair

WINDOWS = (2048, 512)
MELS = (150, 80)
FLOOR = 1e-5
RATE = 44100


class SpectralDistance(SampleMetric):
    """L1 of magnitudes plus L1 of log10 squared magnitudes, summed over two windows.

    Every channel is resampled to ``rate`` first: without one rate for all, tokenizers of
    different rates are measured by different rulers. DAC prints 22,050 and 44,100 Hz.
    """

    def __init__(self, rate: int = RATE) -> None:
        self.rate = rate

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"rate": self.rate, "windows": list(WINDOWS), "hop": "window / 4", "floor": FLOOR}

    def _distance(self, pair: Pair, mels: tuple[int, ...] | None) -> float:
        assert pair.rate is not None
        sounds = [resample(x, pair.rate, self.rate) for x in (pair.reference, pair.decoded)]
        total = 0.0
        for index, window in enumerate(WINDOWS):
            one, other = (magnitudes(sound, window) for sound in sounds)
            if mels is not None:
                filters = mel_filters(self.rate, window, mels[index])
                one, other = one.mT @ filters, other.mT @ filters
            total += float((one - other).abs().mean() + (_log(one) - _log(other)).abs().mean())
        return total


class StftDistance(SpectralDistance):
    """On the linear frequency axis."""

    columns = {"stft_distance": Column("", False)}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        return {"stft_distance": self._distance(pair, None)}


class MelDistance(SpectralDistance):
    """On 150 and 80 mel bands."""

    columns = {"mel_distance": Column("", False)}

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {**super().settings, "mels": list(MELS), "mel_scale": "slaney", "norm": "slaney"}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        return {"mel_distance": self._distance(pair, MELS)}


def magnitudes(sound: Tensor, window: int) -> Tensor:
    """[channel, samples] -> [channel, window / 2 + 1, frame]; a short sound gets zeros first."""
    missing = window // 2 + 1 - sound.shape[-1]  # reflection needs that many samples
    if missing > 0:
        sound = torch.nn.functional.pad(sound, (0, missing))
    hann = torch.hann_window(window)
    return torch.stft(sound, window, window // 4, window=hann, return_complex=True).abs()


@cache
def mel_filters(rate: int, window: int, mels: int) -> Tensor:
    """[window / 2 + 1, mel], triangles of unit area, 0 to rate / 2."""
    from torchaudio.functional import melscale_fbanks

    with warnings.catch_warnings():
        # Narrow low bands that fall between two bins are empty; upstream has them too.
        warnings.filterwarnings("ignore", message="At least one mel filterbank")
        return melscale_fbanks(
            window // 2 + 1, 0.0, rate / 2, mels, rate, norm="slaney", mel_scale="slaney"
        )


def _log(magnitude: Tensor) -> Tensor:
    return magnitude.clamp(FLOOR).square().log10()
