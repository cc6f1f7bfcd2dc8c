"""Pictures to train a tiny FlexTok on: the fixture ``items``."""

from pathlib import Path

import pytest
import torch
from samples import picture

from zoo.train.data import ItemBank

CARD = Path(__file__).parent / "cards" / "test-flextok.md"


@pytest.fixture(name="items")
def eight_pictures() -> ItemBank:
    pixels = [torch.tensor(list(picture(32, 32, i).tobytes())).byte() for i in range(8)]
    stacked = torch.stack([p.view(32, 32, 3).permute(2, 0, 1) for p in pixels])
    return ItemBank(stacked.numpy())
