"""Sounds of any lengths in one batch: to each its own ids and its own sound, in every family."""

from functools import cache
from pathlib import Path

import pytest
import torch
from samples import sound
from torch import nn

import zoo
from zoo.audio_tokenizer import AudioTokenizer
from zoo.loading import load_random
from zoo.registry import find

CARDS = [
    path
    for path in sorted((Path(__file__).parent / "cards").glob("*.md"))
    if find(path).modality == "audio"
]
LENGTHS = (900, 1, 412, 900, 37, 2000, 80, 2)
TOLERANCE = 1e-4  # of samples in -1..1


@cache
def built(path: Path) -> AudioTokenizer:
    """A build whose layers let signals through and have biases, as trained ones do."""
    tok = load_random(path)
    assert isinstance(tok, AudioTokenizer)
    random = torch.Generator().manual_seed(0)
    for layer in tok.module.modules():
        if isinstance(layer, nn.Conv1d):
            shape, inputs = layer.weight.shape, layer.weight[0].numel()
            layer.weight.data = torch.randn(shape, generator=random) * (0.7 / inputs**0.5)
        bias = getattr(layer, "bias", None)
        if isinstance(bias, nn.Parameter):
            bias.data += 0.1 * torch.randn(bias.shape, generator=random)
    return tok


@pytest.fixture(params=CARDS, ids=lambda path: path.stem)
def tok(request: pytest.FixtureRequest) -> AudioTokenizer:
    return built(request.param)


@pytest.fixture
def given() -> list:
    return [sound(n, 8000, seed) for seed, n in enumerate(LENGTHS)]


def test_ids_are_those_of_each_alone(tok: AudioTokenizer, given: list) -> None:
    alone = zoo.Tokens.cat([tok.encode(one) for one in given])
    assert alone.lengths.tolist() == tok.count(given)
    assert len(alone.codes.unique()) > 3
    for batch_size in (None, len(given), 3):
        assert tok.encode(given, batch_size=batch_size) == alone
    for low in list(tok.prefixes)[:1]:
        assert tok.encode(given, prefix=low, batch_size=len(given)) == alone.prefix(low)


def test_sound_is_that_of_each_alone(tok: AudioTokenizer, given: list) -> None:
    if not tok.can_decode:
        pytest.skip("this family does not decode")
    tokens, seeds = tok.encode(given), list(range(len(given)))
    alone = [tok.decode(tokens[i], seed=i, native=True).items[0] for i in seeds]
    for batch_size in (None, len(given), 3):
        together = tok.decode(tokens, seed=seeds, native=True, batch_size=batch_size)
        for one, other in zip(together.items, alone, strict=True):
            assert one.shape == other.shape
            assert float((one - other).abs().max()) < TOLERANCE


def test_each_may_have_a_prefix_of_its_own(tok: AudioTokenizer, given: list) -> None:
    known, seeds = list(tok.prefixes), list(range(len(given)))
    if not tok.can_decode or not known:
        pytest.skip("this family has no prefixes that decode")
    mixed = tok.encode(given).prefix([known[0], known[-1]] * (len(given) // 2))
    decoded = tok.decode(mixed, seed=seeds, batch_size=len(given))
    for i, one in enumerate(decoded.items):
        alone = tok.decode(mixed[i], seed=i).items[0]
        assert float((one - alone).abs().max()) < TOLERANCE


def test_features_are_those_of_each_alone(tok: AudioTokenizer, given: list) -> None:
    if not tok.ragged:
        pytest.skip("this family takes one length at a time")
    for kind in tok.feature_kinds:
        together = tok.features(given, kind, batch_size=len(given))
        for i, one in enumerate(given):
            alone = tok.features(one, kind)
            own = int(alone.mask.sum())
            assert bool(together.mask[i, :own].all())
            assert not bool(together.mask[i, own:].any())
            assert torch.allclose(together.tensor[i, :own], alone.tensor[0, :own], atol=TOLERANCE)
            assert not bool(together.tensor[i, own:].any())
