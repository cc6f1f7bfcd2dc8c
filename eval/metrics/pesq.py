"""Perceptual evaluation of speech quality, ITU-T P.862.2 (wide band)."""

from typing import Any

import numpy as np
from torch import Tensor

from zoo.media.audio_prepare import resample

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair

RATE = 16000


class Pesq(SampleMetric):
    """PESQ wb at 16 kHz, mono. Speech only.

    Silence, music and what is shorter than a quarter of a second have no value; the library's
    own reason is kept.
    """

    columns = {"pesq": Column("MOS-LQO", True)}
    package = "pesq"

    def __init__(self) -> None:
        from pesq import PesqError, pesq

        self._pesq, self._error = pesq, PesqError

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"mode": "wb", "rate": RATE, "channels": "mean"}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = at_rate(pair, RATE)
        try:
            with np.errstate(invalid="ignore"):  # it divides by a silent sound's peak
                value = self._pesq(RATE, reference.numpy(), decoded.numpy(), "wb")
        except self._error as error:
            reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
            raise Unmeasurable(type(error).__name__, reason) from error
        return {"pesq": float(value)}


def at_rate(pair: Pair, rate: int) -> tuple[Tensor, Tensor]:
    """Both sounds mixed to one channel, float32 [samples] at ``rate``."""
    assert pair.rate is not None
    one, other = (
        resample(sound.float()[None], pair.rate, rate)[0].contiguous() for sound in pair.mono()
    )
    return one, other
