"""What SNAC adds to the contract: its noise, its windows, its levels."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from golden_case import GOLDEN, Case
from golden_snac import config_of
from samples import sound

from zoo.errors import NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.models.layers.snake import EPSILON, Snake
from zoo.models.snac.keys import ORIGINAL
from zoo.models.snac.layers import Residual
from zoo.models.snac.model import build_model
from zoo.models.snac.tokenizer import Snac
from zoo.weights import fill

CARD = Path(__file__).parent / "cards" / "test-snac.md"


@cache
def tiny() -> Snac:
    tok = load_random(CARD)
    assert isinstance(tok, Snac)
    return tok


def test_slots_are_levels_in_order_of_time():
    tok = tiny()
    tokens = tok.encode(sound(2900, 8000, 0))
    latents = torch.from_numpy(tok.features(sound(2900, 8000, 0)).tensor.numpy()).transpose(1, 2)
    levels = tok.module.quantizer.ids(latents)
    assert [len(one[0]) for one in levels] == [32, 64, 128]
    assert torch.equal(tokens.codes[:, 0], levels[0])
    assert torch.equal(tokens.codes[0, 1:3, 5], levels[1][0, 10:12])
    assert torch.equal(tokens.codes[0, 3:7, 5], levels[2][0, 20:24])


def test_noise_can_be_left_out_or_passed_in():
    tok = tiny()
    tokens = tok.encode([sound(2900, 8000, 0), sound(2900, 8000, 1)])
    smooth = tok.decode(tokens, add_noise=False, seed=1)
    assert torch.equal(smooth.tensor, tok.decode(tokens, add_noise=False, seed=2).tensor)
    lengths = tok.module.decoder.noise_lengths(128)
    assert lengths == [512, 1536, 3072]
    zeros = torch.zeros(2, sum(lengths))
    assert torch.equal(smooth.tensor, tok.decode(tokens, noise=zeros).tensor)
    assert not torch.equal(smooth.tensor, tok.decode(tokens, seed=1).tensor)
    with pytest.raises(NotSupportedError, match="5120"):
        tok.decode(tokens, noise=zeros[:, 1:])


def test_ids_that_leave_a_window_open_are_refused():
    tok = tiny()
    with pytest.raises(TokenError, match="item 0 has 3 positions.*windows of 2"):
        tok.decode(tok.tokens(torch.zeros(1, 7, 3, dtype=torch.int64)))
    assert tok.decode(tok.tokens(torch.zeros(1, 7, 4, dtype=torch.int64))).tensor.shape[-1] == 384


def test_a_missing_level_adds_nothing():
    tok = tiny()
    full = tok.encode(sound(2900, 8000, 0))
    parts = [tok.vectors(full.prefix(k)).tensor for k in (1, 2, 3)]
    ids = tok.module.quantizer.ids(tok.features(sound(2900, 8000, 0)).tensor.transpose(1, 2))
    expected = tok.module.quantizer.vectors(ids[:2]).transpose(1, 2)
    assert torch.equal(parts[1], expected)
    assert not torch.equal(parts[1], parts[2])
    mixed = tok.vectors(type(full).cat([full.prefix(1), full])).tensor
    assert torch.allclose(mixed[:1], parts[0])


def test_each_slot_knows_its_codebook():
    tok = tiny()
    assert tok.codebook(0).shape == (64, 8)
    assert tok.codebook(1) is tok.codebook(2)
    assert tok.codebook(2) is not tok.codebook(3)


@pytest.mark.parametrize("samples", [1, 2, 191, 192, 193])
def test_any_length_comes_back(samples: int):
    tok = tiny()
    tokens = tok.encode((np.ones(samples, np.float32) / 2, 8000))
    assert int(tokens.lengths) == 2 * -(-samples // 192)
    assert tok.decode(tokens).items[0].shape == (1, samples)
    assert tok.decode(tokens).rate == 8000


def test_in_place_steps_keep_gradients_right():
    torch.manual_seed(0)
    x = torch.randn(1, 4, 9, dtype=torch.float64, requires_grad=True)
    snake, unit = Snake(4).double(), Residual(4, 1, 4).double()
    assert torch.autograd.gradcheck(snake, x)
    assert torch.autograd.gradcheck(unit, x)
    plain = x + torch.sin(snake.alpha * x) ** 2 / (snake.alpha + EPSILON)
    assert torch.allclose(snake(x), plain)


def test_both_spellings_of_weight_norm_are_read():
    case = Case(GOLDEN / "snac" / "snac_attn")
    spelled = ("parametrizations.weight.original0", "parametrizations.weight.original1")
    old = {
        name.replace(spelled[0], "weight_g").replace(spelled[1], "weight_v"): tensor
        for name, tensor in case.state.items()
    }
    assert set(old).isdisjoint(name for name in case.state if "parametrizations" in name)
    models = []
    for state in (case.state, old):
        with torch.device("meta"):
            models.append(build_model(config_of(case)))
        fill(models[-1], [state], ORIGINAL)
    new, again = (model.state_dict() for model in models)
    assert all(torch.equal(new[name], again[name]) for name in new)
