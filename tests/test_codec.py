"""The codec in use: piece by piece, causal, each codebook worth its bits."""

from pathlib import Path

import pytest
import torch
from codec_built import random_codec, speech  # noqa: F401

import zoo
from zoo.tokenizer import Tokenizer
from zoo.tokens import Tokens


@pytest.mark.parametrize("size", [1, 7, 39, 40, 160, 1000, 5000])
def test_pieces_give_what_the_whole_gives(tok: Tokenizer, size: int) -> None:
    whole = speech(1237 if size < 40 else 4321)
    expected = tok.encode((whole, 8000))
    with tok.streaming() as session:
        parts = [session.encode(piece) for piece in whole.split(size, dim=1)]
        parts.append(session.flush())
    tokens = Tokens.join(parts)
    assert torch.equal(tokens.codes, expected.codes)
    sounds = tok.decode(expected).items[0]
    positions = max(1, size // 40)
    with tok.streaming() as session:
        pieces = [
            session.decode(expected.crop(start, min(start + positions, int(expected.lengths[0]))))
            for start in range(0, int(expected.lengths[0]), positions)
        ]
        pieces.append(session.flush())
    joined = torch.cat([piece.items[0] for piece in pieces], dim=1)
    assert joined.shape == sounds.shape
    assert (joined - sounds).abs().max() < 1e-5


def test_long_sounds_are_computed_in_pieces(tok: Tokenizer, monkeypatch) -> None:
    whole = (speech(9000), 8000)
    expected = tok.encode(whole)
    sounds = tok.decode(expected)
    monkeypatch.setattr(type(tok), "piece_seconds", 0.1)
    assert tok.encode(whole) == expected
    assert (tok.decode(expected).items[0] - sounds.items[0]).abs().max() < 1e-5


def test_nothing_that_comes_later_changes_an_id(tok: Tokenizer) -> None:
    first = tok.encode((speech(4000), 8000))
    later = torch.cat([speech(4000), speech(4000, 1)], dim=1)
    assert torch.equal(tok.encode((later, 8000)).codes[..., :100], first.codes)


def test_vectors_are_what_is_decoded(tok: Tokenizer) -> None:
    tokens = tok.encode([(speech(4000), 8000), (speech(900), 8000)])
    found = tok.vectors(tokens)
    assert found.mask.sum(1).tolist() == [100, 23]
    rows = torch.stack([tok.codebook(slot)[tokens.codes[0, slot]] for slot in range(4)]).sum(0)
    assert torch.allclose(found.tensor[0], rows, atol=1e-5)


@pytest.mark.skipif(
    "codec-tiny" not in zoo.list_models(bundled=True), reason="codec-tiny is not in this build"
)
def test_codec_tiny_gets_better_with_every_codebook() -> None:
    from zoo.media.sample import sample_sound
    from zoo.media.si_sdr import si_sdr

    tok = zoo.load("codec-tiny")
    voice, rate = sample_sound()
    tokens = tok.encode((voice, rate))
    true = torch.from_numpy(voice)[None]
    ratios = [si_sdr(true, tok.decode(tokens.prefix(k)).items[0]) for k in tok.prefixes]
    assert ratios[-1] > ratios[3] > ratios[0]


@pytest.mark.skipif(
    "codec-tiny" not in zoo.list_models(bundled=True), reason="codec-tiny is not in this build"
)
def test_codec_tiny_in_half_precision_says_the_same(tmp_path: Path) -> None:
    """Its projections are beyond it, and stay as they are."""
    from zoo.convert import convert
    from zoo.media.sample import sample_sound

    convert("codec-tiny", tmp_path / "half", dtype=torch.float16)
    expected = zoo.load("codec-tiny").encode(sample_sound())
    assert torch.equal(zoo.load(tmp_path / "half").encode(sample_sound()).codes, expected.codes)
