"""Upstream's two files in miniature, out of a golden case, and a card that names them."""

import json
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from golden_case import GOLDEN, Case
from safetensors.torch import load_file
from torch import Tensor

import zoo
from zoo.errors import CheckpointUnavailableError
from zoo.tokenizer import Tokenizer

CASE = GOLDEN / "seed" / "image_down"
PAINTER = Path(__file__).parent / "cards" / "test-seed-painter"
EXTRAS = 146  # tensors of seed_quantizer.pt that nobody has a name for
CARD = """\
---
license: mit
zoo:
  schema: 1
  family: seed
  id_revision: 1
  source:
    - {{name: seed, role: both, file: seed_quantizer.pt, format: original}}
    - {{name: vit, role: encode, file: eva_vit_g.pth, format: eva}}
    - name: unclip
      role: lazy
      format: diffusers
      {unclip}
  config:
    image_size: 56
    queries: 32
    vit: {{width: 96, depth: 2, heads: 6, hidden: 418, patch: 14}}
    qformer: {{width: 96, depth: 4, heads: 6, hidden: 256}}
    codebook: [512, 16]
    decoder: {{depth: 2, heads: 12, embedding: {embedding}}}
  input:
    modality: image
    size: [56, 56]
    fit: squash
    interpolation: bicubic
    mean: [0.48145466, 0.4578275, 0.40821073]
    std: [0.26862954, 0.26130258, 0.27577711]
  output: {{size: [32, 32]}}
  tokens: {{order: prefix, vocab_sizes: [512], positions: 32}}
  deterministic_decode: false
---
"""


def case() -> Case:
    return Case(CASE)


def upstream(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """seed_quantizer.pt, with tensors that have no place, and eva_vit_g.pth in fp16."""
    prefix = "visual_encoder."
    seed = {k: v for k, v in state.items() if not k.startswith(prefix)}
    seed |= {f"text.{i}.weight": torch.full((2,), float(i)) for i in range(EXTRAS)}
    vit = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    last = {k.replace("blocks.0", "blocks.39"): v for k, v in vit.items() if "blocks.0" in k}
    return seed, vit | last | {"norm.weight": torch.ones(96), "head.bias": torch.zeros(3)}


def write(
    folder: Path,
    *,
    seed: dict[str, Tensor] | None = None,
    vit: dict[str, Tensor] | None = None,
    unclip: str = "file: painter/model_index.json",
    embedding: int = 64,
) -> Path:
    """The card's path; files that are not given are those of the golden case."""
    usual = upstream(load_file(CASE / "state.safetensors"))
    torch.save(OrderedDict(seed or usual[0]), folder / "seed_quantizer.pt")
    torch.save(OrderedDict(vit or usual[1]), folder / "eva_vit_g.pth")
    path = folder / "seed-mini.md"
    path.write_text(CARD.format(unclip=unclip, embedding=embedding), encoding="utf-8")
    return path


def picture() -> Tensor:
    """The recorded image before normalisation, [b, 3, 56, 56] in 0..1."""
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]
    return case().io["image"] * std + mean


def recorded_keys(name: str) -> dict[str, list[int]]:
    path = GOLDEN / "seed" / "keys" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))["keys"]


def local(folder: Path) -> Callable[..., Path]:
    """What finds the painter's files in a folder, as a part of a card does."""

    def fetch(beside: str = "model_index.json") -> Path:
        path = folder / beside
        if not path.is_file():
            raise CheckpointUnavailableError(f"{path} does not exist")
        return path

    return fetch


@pytest.fixture(name="card", scope="module")
def two_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("seed"))


@pytest.fixture(name="tok", scope="module")
def seed_of_two_files(card: Path) -> Tokenizer:
    return zoo.load(card)
