"""What every tokenizer promises as an object (design, section 3): threads, pickles, halves."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import torch
from every_tokenizer import TOLERANCE, every_tok, fast, same, some_media  # noqa: F401

import zoo
from zoo.errors import NotSupportedError
from zoo.loading import load_random
from zoo.tokenizer import Tokenizer


def test_it_leaves_no_trace_in_global_state(tok: Tokenizer, media: list) -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    tok.decode(tok.encode(media[0]), **fast(tok))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_calls_are_reentrant(tok: Tokenizer, media: list) -> None:
    expected = [tok.encode(item) for item in media]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(tok.encode, media)) == expected
        decode = partial(tok.decode, **fast(tok))
        together = list(pool.map(decode, expected))
    for one, tokens in zip(together, expected, strict=True):
        assert same(one, decode(tokens), TOLERANCE)


def test_it_pickles_by_name(
    tok: Tokenizer, media: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    copy = pickle.loads(pickle.dumps(tok))
    original = tok if tok.card.bundled else load_random(tok.card.path)  # not the lively one
    assert copy.encode(media[0]) == original.encode(media[0])
    assert copy.space == tok.space
    assert len(pickle.dumps(tok)) < 2000
    prepared = pickle.loads(pickle.dumps(tok.prepare))(media[0])
    assert torch.equal(prepared.tensor, tok.prepare(media[0]).tensor)


def test_vectors_and_features_have_their_shapes(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:2])
    for kind in tok.vector_kinds:
        found = tok.vectors(tokens, kind)
        assert found.tensor.shape[:2] == found.mask.shape
        assert len(found.tensor) == 2
    for kind in tok.feature_kinds:
        found = tok.features(media[0], kind)
        assert found.tensor.shape[:2] == found.mask.shape
        assert bool(torch.isfinite(found.tensor).all())
    with pytest.raises(NotSupportedError):
        tok.vectors(tokens, "no such kind")


def test_loading_for_one_verb_is_enough_for_it(tok: Tokenizer, media: list) -> None:
    if not tok.card.bundled:
        pytest.skip("random weights are not loaded from files")
    encoder, decoder = zoo.load(tok.name, only="encode"), zoo.load(tok.name, only="decode")
    tokens = encoder.encode(media[0])
    assert tokens == tok.encode(media[0])
    assert same(decoder.decode(tokens, **fast(tok)), tok.decode(tokens, **fast(tok)))
    with pytest.raises(NotSupportedError, match="only='encode'"):
        encoder.decode(tokens)
    with pytest.raises(NotSupportedError, match="only='decode'"):
        decoder.encode(media[0])
    count = [sum(p.numel() for p in t.module.parameters()) for t in (tok, encoder, decoder)]
    assert max(count[1:]) < count[0]
