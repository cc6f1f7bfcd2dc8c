"""A small valid card, and ways to change it."""

from pathlib import Path

from zoo.cards import Card, parse_card

SHA = "0123456789abcdef" * 4
TEXT = f"""\
---
license: mit
tags: [image]
language: en
zoo:
  schema: 1
  family: toy
  id_revision: 2
  source:
    - name: model
      role: both
      bundled: toy/weights/toy.safetensors
      sha256: "{SHA}"
      format: zoo
  config:
    width: 64
    rate: 1.0e-4
    sizes: [1, 2]
  input:
    modality: image
    size: [32, 48]
    fit: crop
    interpolation: bicubic
    mean: [0.5, 0.5, 0.5]
    std: [0.5, 0.5, 1]
  tokens:
    order: raster
    vocab_sizes: [512]
    positions: 64
  deterministic_decode: true
---
# Toy

Body.
"""


def parse(text: str = TEXT, path: str = "toy-a.md", name: str | None = None) -> Card:
    return parse_card(text, Path(path), name=name)


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def line_of(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)
