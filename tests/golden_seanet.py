"""What the recordings of SpeechTokenizer and WavTokenizer share: their SEANet, and tolerances."""

from collections.abc import Mapping
from typing import Any

STAGE = 2e-5
SOUND = 1e-4


def sizes(given: Mapping[str, Any]) -> dict[str, Any]:
    """The SEANet's part of a recorded configuration, under our names."""
    return {
        "filters": given["n_filters"],
        "strides": given["strides"],
        "width": given["dimension"],
    }
