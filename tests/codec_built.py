"""A tiny codec of random weights, the fixture ``tok``, and something for it to hear."""

from pathlib import Path

import pytest
import torch
from samples import sound
from torch import Tensor

from zoo.loading import load_random
from zoo.tokenizer import Tokenizer

CARD = Path(__file__).parent / "cards" / "test-codec.md"


def speech(samples: int, seed: int = 0) -> Tensor:
    """[1, samples] at 8 kHz."""
    return torch.from_numpy(sound(samples, 8000, seed)[0])[None]


@pytest.fixture(name="tok")
def random_codec() -> Tokenizer:
    return load_random(CARD)
