"""A family of video tokenizers for tests, as another package would bring it."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from zoo import families
from zoo.cards import parse_card
from zoo.loading import load_random
from zoo.weights import save_checkpoint

from .tokenizer import Config, ToyVideo

__all__ = ["ToyVideo", "install", "toy", "write_card"]

CARD = """\
---
license: cc0-1.0
zoo:
  schema: 1
  family: toy
  id_revision: 1
  source:
    - {{name: model, role: both, file: toy.safetensors, format: zoo}}
  config: {{blocks: 4}}
  input:
    modality: video
    size: [8, 12]
    fit: {fit}
    interpolation: bicubic
    mean: [0.0, 0.0, 0.0]
    std: [1.0, 1.0, 1.0]
    frames: 4
    {sampling}
  output: {{fps: 2}}
  tokens:
    order: time
    vocab_sizes: [256, 256, 256]
    segment: 12
    segment_hop: 4
    crop: 12
    extras:
      - name: source_map
        dtype: int32
        axes: [item, frame, row, column]
        neutral: -1
        bits: 4
        labels: true
  deterministic_decode: true
---
"""


def toy(fit: str = "squash", sampling: str = "sampling: dense") -> ToyVideo:
    """The tokenizer with a card of its own."""
    card = parse_card(CARD.format(fit=fit, sampling=sampling), Path("toy-video.md"))
    return ToyVideo(card, Config(4), ToyVideo.build(Config(4)))


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the family known, as its entry point would."""
    entry = EntryPoint("toy", __name__, "zoo.families")
    found = {"zoo.families": (entry,)}
    monkeypatch.setattr(families, "installed", lambda group: found.get(group, ()))


def write_card(folder: Path, sampling: str = "sampling: dense") -> Path:
    """A card and weights that ``zoo.load`` takes, once the family is installed."""
    card = folder / "toy-video.md"
    card.write_text(CARD.format(fit="squash", sampling=sampling))
    save_checkpoint(load_random(card).module, folder / "toy.safetensors", {})
    return card
