"""ViSQOL 3 (Chinen et al. 2020): a model of hearing compares reference and reconstruction."""

from typing import Any

from .base import Column, SampleMetric, Unmeasurable
from .pair import Pair
from .pesq import at_rate

RATES = {"audio": 48000, "speech": 16000}


class Visqol(SampleMetric):
    """MOS-LQO of mono sound, ``audio`` mode or ``speech`` mode.

    Speech mode maps by the deep lattice network alone: without its runtime the library would
    quietly take a polynomial whose values are one to two points higher.
    """

    package = "visqol-python"

    def __init__(self, mode: str) -> None:
        # Where the package is absent, a type checker takes this very file for it.
        from visqol import VisqolApi  # pyright: ignore[reportMissingImports, reportAttributeAccessIssue]

        if mode == "speech":
            import ai_edge_litert.interpreter  # noqa: F401  # pyright: ignore[reportMissingImports]
        self.mode, self._judge = mode, VisqolApi()
        self._judge.create(mode=mode, use_lattice_model=True if mode == "speech" else None)
        self.column = "visqol" if mode == "audio" else "visqol_speech"
        self.columns = {self.column: Column("MOS-LQO", True)}

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        mapper = "lattice" if self.mode == "speech" else "svr"
        return {"mode": self.mode, "mapper": mapper, "rate": RATES[self.mode], "channels": "mean"}

    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        rate = RATES[self.mode]
        reference, decoded = (sound.double().numpy() for sound in at_rate(pair, rate))
        if not (reference.any() and decoded.any()):
            raise Unmeasurable("Silence", "nothing to hear in the reference or its reconstruction")
        try:
            found = self._judge.measure_from_arrays(reference, decoded, rate)
        except (ValueError, RuntimeError, IndexError) as error:
            raise Unmeasurable(type(error).__name__, " ".join(str(error).split())) from error
        return {self.column: float(found.moslqo)}
