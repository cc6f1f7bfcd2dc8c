"""Short-time objective intelligibility (Taal et al. 2011) and its extended form."""

import warnings
from typing import Any

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair


class Stoi(SampleMetric):
    """STOI and ESTOI of mono speech; resampled to 10 kHz inside.

    With less than about 0.4 s of active speech the library warns and returns 1e-5: that is no
    value.
    """

    columns = {"stoi": Column("", True), "estoi": Column("", True)}
    package = "pystoi"

    def __init__(self) -> None:
        from pystoi import stoi

        self._stoi = stoi

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"rate": 10000, "channels": "mean"}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        reference, decoded = (sound.numpy() for sound in pair.mono())
        if not (reference.any() and decoded.any()):  # the extended form would correlate rounding
            raise Unmeasurable("Silence", "nothing to hear in the reference or its reconstruction")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                plain = self._stoi(reference, decoded, pair.rate)
                extended = self._stoi(reference, decoded, pair.rate, extended=True)
            except (RuntimeWarning, ValueError) as error:
                reason = " ".join(str(error).split())
                raise Unmeasurable("TooLittleSpeech", reason) from error
        return {"stoi": float(plain), "estoi": float(extended)}
