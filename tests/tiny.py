"""A FlexTok small enough for any test: a card and random weights on disk, made in milliseconds."""

from pathlib import Path

import pytest
import torch

CARD = """\
---
license: cc0-1.0
library_name: tokenizer-zoo
pipeline_tag: image-to-image
zoo:
  schema: 1
  family: flextok
  id_revision: 1
  source:
    - name: model
      role: both
      file: {name}.safetensors
      format: zoo
  config:
    latent_channels: 4
    latent_size: [16, 16]
    patch_size: 2
    encoder: {{width: 96, depth: 2}}
    decoder: {{width: 128, depth: 2}}
    head_dim: 32
    registers: 16
    max_grid: 8
    fsq_levels: [8, 8, 8, 5, 5, 5]
    mlp_ratio: 4.0
    frequency_size: 256
    max_timestep: 1000.0
    scaling_factor: 0.7
    sample_posterior: false
    vae:
      block_out_channels: [8, 16]
      layers_per_block: 1
      norm_num_groups: 4
  input:
    modality: image
    size: [32, 32]
    fit: crop
    interpolation: bilinear
    mean: [0.5, 0.5, 0.5]
    std: [0.5, 0.5, 0.5]
  tokens:
    order: prefix
    vocab_sizes: [64000]
    positions: 16
    prefixes: {{axis: position, unit: tokens, sizes: "1..16"}}
  dtypes: [float32]
  deterministic_decode: false
---

Random weights, for tests.
"""


def make_tiny_flextok(folder: Path, name: str = "flextok-random", seed: int = 0) -> Path:
    """Write ``name``.md and its weights into ``folder``; returns the card's path.

    ``zoo.load`` takes that path, the folder (if it holds one card), and, with the folder in
    ZOO_CARDS, the name. Two names are two code spaces. Images of 32 x 32, 16 tokens of 64,000,
    any prefix; weights that FlexTok starts at zero are random too, so every id has an effect.
    """
    from zoo.loading import load_random
    from zoo.weights import save_checkpoint

    folder.mkdir(parents=True, exist_ok=True)
    card = folder / f"{name}.md"
    card.write_text(CARD.format(name=name), encoding="utf-8")
    module = load_random(card, seed=seed).module
    random = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        if not bool(parameter.any()):
            parameter.normal_(std=0.05, generator=random)
    save_checkpoint(module, folder / f"{name}.safetensors", {})
    return card


@pytest.fixture(name="card", scope="module")
def random_flextok(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_tiny_flextok(tmp_path_factory.mktemp("cards")))
