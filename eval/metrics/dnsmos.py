"""DNSMOS (Reddy et al. 2021, 2022): what listeners would say of speech, without a reference."""

from typing import Any

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair
from .pesq import at_rate

RATE = 16000
KINDS = ("ovrl", "sig", "bak", "p808")


class Dnsmos(SampleMetric):
    """Of the reconstruction, and of the reference, which is no better by definition.

    Sound shorter than 9.01 s is repeated, and longer sound scored every second, by the library.
    """

    package = "speechmos"
    columns = {
        f"dnsmos_{kind}{of}": Column("MOS", None if of else True)
        for of in ("", "_reference")
        for kind in KINDS
    }

    def __init__(self) -> None:
        from speechmos import dnsmos  # pyright: ignore[reportMissingImports]

        self._judge = dnsmos

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {"rate": RATE, "channels": "mean", "range": "cut to -1..1", "personalized": False}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        sounds = at_rate(pair, RATE)
        if not all(bool(sound.any()) for sound in sounds):
            raise Unmeasurable("Silence", "nothing to hear in the reference or reconstruction")
        found = {}
        for of, sound in zip(("_reference", ""), sounds, strict=True):
            values: Any = self._judge.run(sound.clamp(-1, 1).numpy(), RATE)
            found |= {f"dnsmos_{kind}{of}": float(values[f"{kind}_mos"]) for kind in KINDS}
        return found
