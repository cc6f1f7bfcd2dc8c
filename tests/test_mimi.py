"""What Mimi adds to the contract: whole positions, its two branches, tables that move along."""

from functools import cache
from pathlib import Path

import pytest
import torch
from samples import sound

from zoo.loading import load_random
from zoo.models.mimi.tokenizer import Mimi

CARD = Path(__file__).parent / "cards" / "test-mimi.md"


@cache
def tiny() -> Mimi:
    tok = load_random(CARD)
    assert isinstance(tok, Mimi)
    return tok


@pytest.mark.parametrize("samples", [1, 79, 80, 81, 2000])
def test_any_length_comes_back(samples: int):
    tok = tiny()
    tokens = tok.encode(sound(samples, 8000, 0))
    assert int(tokens.lengths) == -(-samples // 80)
    assert tok.decode(tokens).items[0].shape == (1, samples)
    assert tok.decode(tokens, native=True).items[0].shape == (1, 80 * -(-samples // 80))


def test_it_is_causal():
    tok = tiny()
    wave, rate = sound(2000, 8000, 0)
    whole, part = tok.encode((wave, rate)), tok.encode((wave[:1200], rate))
    assert torch.equal(whole.codes[..., :15], part.codes)


def test_vectors_add_up_to_what_the_decoder_takes():
    tok = tiny()
    tokens = tok.encode(sound(2000, 8000, 0))
    assert torch.equal(tokens.slot("semantic"), tokens.codes[:, 0])
    for count in (1, 3, 4):
        found = tok.vectors(tokens.prefix(count)).tensor.transpose(1, 2)
        expected = tok.module.quantizer.decode(tokens.codes[:, :count])
        assert torch.allclose(found, expected, atol=1e-6)


def test_tables_follow_the_networks():
    tok = load_random(CARD)
    tokens = tok.encode(sound(400, 8000, 0))
    assert tok.codebook(1).dtype == torch.float32
    assert tok.to(dtype=torch.float64).codebook(1).dtype == torch.float64
    assert tok.to(dtype=torch.float32).encode(sound(400, 8000, 0)) == tokens
