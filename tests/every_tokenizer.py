"""The fixtures ``tok``, which is every tokenizer in turn, and ``media``, some of its kind.

A family takes part by one card in tests/cards, which is built with random weights.
"""

from functools import cache
from pathlib import Path

import pytest
import torch
from samples import SAMPLES

import zoo
from zoo.loading import load_random
from zoo.tokenizer import Tokenizer

TINY = sorted((Path(__file__).parent / "cards").glob("*.md"))
NAMES = [*map(str, TINY), *zoo.list_models(bundled=True)]
# Of decoded values in 0..1 between batched and single runs: an eighth of an 8-bit step. Random
# weights stay below 1e-5; trained ones have large activations whose rounding guidance multiplies.
TOLERANCE = 5e-4


@cache
def built(name: str) -> Tokenizer:
    return lively(load_random(name)) if name.endswith(".md") else zoo.load(name)


def lively(tok: Tokenizer) -> Tokenizer:
    """Give weights that are zero at birth (modulations) small values, or ids would not matter."""
    random = torch.Generator().manual_seed(0)
    for parameter in tok.module.parameters():
        if not parameter.any():
            parameter.data = torch.randn(parameter.shape, generator=random) * 0.3
    return tok


@pytest.fixture(params=NAMES, ids=lambda name: Path(name).stem, name="tok")
def every_tok(request: pytest.FixtureRequest) -> Tokenizer:
    return built(request.param)


@pytest.fixture(name="media")
def some_media(tok: Tokenizer) -> list:
    return SAMPLES[tok.modality]()


def some_prefixes(tok: Tokenizer) -> list[int]:
    known = list(tok.prefixes)
    return sorted({known[0], known[len(known) // 2], known[-1]}) if known else []


def fast(tok: Tokenizer) -> dict[str, object]:
    """Options that make decode quick, where a family has them."""
    return {"steps": 2} if any(option.name == "steps" for option in tok.options) else {}


def same(a: zoo.Media, b: zoo.Media, tolerance: float = 0.0) -> bool:
    pairs = zip(a.items, b.items, strict=True)
    return all(x.shape == y.shape and (x - y).abs().max() <= tolerance for x, y in pairs)
