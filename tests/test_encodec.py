"""What EnCodec adds to the contract: segments and their loudness, padding of any length."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import sound

from zoo.loading import load_random
from zoo.models.encodec.config import Segments
from zoo.models.encodec.segments import pieces_of, positions_of
from zoo.models.encodec.tokenizer import Encodec
from zoo.tokens import Tokens

CARDS = Path(__file__).parent / "cards"


@cache
def tiny(name: str) -> Encodec:
    tok = load_random(CARDS / f"{name}.md")
    assert isinstance(tok, Encodec)
    return tok


@pytest.mark.parametrize("samples", [1, 2, 39, 40, 41, 801])
def test_any_length_comes_back(samples: int):
    tok = tiny("test-encodec")
    tokens = tok.encode(sound(samples, 8000, 0))
    assert int(tokens.lengths) == -(-samples // 40)
    assert tok.decode(tokens).items[0].shape == (1, samples)
    assert tok.decode(tokens, native=True).items[0].shape == (1, 40 * -(-samples // 40))


@pytest.mark.parametrize(
    ("samples", "positions", "segments"),
    [
        (1, 1, 1),
        (720, 18, 1),
        (721, 19, 1),  # the second would begin in the middle of a segment of 19
        (760, 19, 1),
        (761, 22, 2),  # both as upstream: 20 and ceil(41 / 40)
        (800, 22, 2),
        (1440, 38, 2),
        (1441, 39, 2),
        (2000, 54, 3),
    ],
)
def test_segments_begin_where_decode_looks_for_them(samples: int, positions: int, segments: int):
    tok = tiny("test-encodec-segments")
    tokens = tok.encode(sound(samples, 8000, 0))
    assert int(tokens.lengths) == positions
    assert tok.count(sound(samples, 8000, 0)) == [positions]
    assert tokens.extras["scale"].shape == (1, segments)
    decoded = tok.decode(tokens)
    assert decoded.items[0].shape == (2, samples)
    assert decoded.rate == 8000


def test_loudness_travels_with_the_ids():
    tok = tiny("test-encodec-segments")
    wave, rate = sound(1500, 8000, 0)
    loud, soft = tok.encode((wave / 100, rate)), tok.encode((wave / 1000, rate))
    assert torch.equal(loud.codes, soft.codes)
    assert torch.allclose(loud.extras["scale"], soft.extras["scale"] * 10, rtol=1e-3)
    pair = [tok.decode(tokens, native=True).tensor for tokens in (loud, soft)]
    assert torch.allclose(pair[0], pair[1] * 10, rtol=1e-3, atol=1e-5)
    assert 0 < float(pair[0].abs().max()) < 1
    assert loud.extra_bits().tolist() == [3 * 32.0]
    silent = tok.encode((np.zeros(1500, np.float32), 8000))
    assert float(tok.decode(silent).tensor.abs().max()) < 1e-6


def test_segments_join_to_the_whole():
    tok = tiny("test-encodec-segments")
    whole = tok.encode(sound(2000, 8000, 0))
    pieces = [whole.crop(0, 20), whole.crop(20, 40), whole.crop(40)]
    assert Tokens.join(pieces) == whole


def test_segments_are_upstreams_but_for_one_that_is_covered():
    segments = Segments(48000, 47520)
    for samples in (47520, 47521, 47680, 47681, 48000, 95040, 95041, 95200, 95201, 100000):
        pieces = pieces_of(samples, segments, 320)
        behind = samples % 47520 or 47520
        left_out = samples > 47520 and behind <= 160
        assert len(pieces) == -(-samples // 47520) - left_out
        assert all(positions_of(piece, 320) == 150 for piece in pieces[:-1])
        assert [piece.start for piece in pieces] == [47520 * i for i in range(len(pieces))]
        assert max(piece.stop for piece in pieces) == samples


def test_weight_norm_is_folded():
    names = tiny("test-encodec").module.state_dict()
    assert not [name for name in names if "parametrizations" in name or "weight_g" in name]
