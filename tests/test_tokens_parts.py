"""Parts of Tokens: prefixes, slots, spans of time, and pieces joined again."""

import dataclasses

import numpy as np
import pytest
import torch
from token_samples import FLEX, FLOW, RASTER, SEED, SNAC, codec, make, snac

from zoo.errors import TokenError
from zoo.tokens import (
    Origin,
    Tokens,
)


def test_prefix_of_positions():
    tokens = make(FLEX, torch.arange(16).reshape(2, 1, 8))
    assert tokens.prefix(3).codes.tolist() == [[[0, 1, 2]], [[8, 9, 10]]]
    mixed = tokens.prefix([1, 4])
    assert mixed.lengths.tolist() == [1, 4]
    assert mixed[0].codes.tolist() == [[[0]]]
    assert tokens.prefix(8) == tokens
    assert tokens.prefix(torch.tensor([1, 4])) == tokens.prefix(np.array([1, 4])) == mixed
    assert tokens.prefix(torch.tensor(3)) == tokens.prefix(3)
    assert mixed.prefix(1) == tokens.prefix(1)


def test_prefix_of_scales():
    tokens = make(FLOW, torch.arange(14).reshape(1, 1, 14), grid=[[3, 3]])
    assert tokens.prefix(2).lengths.tolist() == [5]
    assert tokens.prefix(2).grid is not None  # decode still knows the whole picture's grid


def test_a_slot_by_its_name():
    names = ("coarse", "mid 1", "mid 2", "fine 1", "fine 2", "fine 3", "fine 4")
    spec = dataclasses.replace(SNAC, slots=names)
    tokens = Tokens(torch.arange(14).reshape(1, 7, 2), spec=spec, space="test:1")
    assert tokens.slot("mid 2").tolist() == [[4, 5]]
    mixed = Tokens.cat([tokens.prefix(1), tokens])
    assert mixed.slot("mid 2").tolist() == [[-1, -1], [4, 5]]
    with pytest.raises(TokenError, match="slot 3, fine 1, was cut off: 3 are left"):
        tokens.prefix(2).slot("fine 1")
    with pytest.raises(TokenError, match="no slot is called 'semantic'; .*: coarse, mid 1"):
        tokens.slot("semantic")
    with pytest.raises(TokenError, match="they have none"):
        Tokens(tokens.codes, spec=SNAC, space="test:1").slot("semantic")


def test_prefix_of_slots():
    tokens = snac()
    assert torch.equal(tokens.prefix(2).codes, tokens.codes[:, :3])
    mixed = tokens.prefix([1, 2])
    assert mixed.slot_counts.tolist() == [1, 3]
    assert mixed.codes.shape == (2, 3, 6)
    assert (mixed.codes[0, 1:] == -1).all()
    assert mixed[0] == tokens[0].prefix(1)
    assert mixed.origin == tokens.origin


def test_prefix_cuts_extras_along():
    tokens = codec()
    cut = tokens.prefix(1)
    assert cut.extras["gain"].shape == (2, 1, 7)
    assert torch.equal(cut.extras["scale"], tokens.extras["scale"])


def test_wrong_prefixes():
    tokens = snac()
    with pytest.raises(TokenError, match="prefix 4 is none of the qualities; legal levels: 1..3"):
        tokens.prefix(4)
    with pytest.raises(TokenError, match="3 qualities for 2 items"):
        tokens.prefix([1, 1, 1])
    with pytest.raises(TokenError, match="prefix 3 of item 1 needs 7 slots.* has 3; legal .* 1, 2"):
        tokens.prefix([3, 2]).prefix(3)
    with pytest.raises(TokenError, match="needs 14 positions, but the item has 5"):
        make(FLOW, torch.zeros(1, 1, 5).long()).prefix(3)
    with pytest.raises(TokenError, match="every id"):
        make(SEED, [[[1, 2, 3, 4]]]).prefix(1)
    assert len(tokens[:0].prefix(2)) == 0


def test_crop_and_join():
    tokens = codec((7, 3))
    pieces = [tokens.crop(0, 3), tokens.crop(3, 6), tokens.crop(6)]
    assert [p.lengths.tolist() for p in pieces] == [[3, 3], [3, 0], [1, 0]]
    assert pieces[1].extras["scale"][0].item() == tokens.extras["scale"][0, 1].item()
    assert pieces[1].extras["gain"].shape == (2, 2, 3)
    assert Tokens.join(pieces) == tokens
    assert Tokens.join(pieces[:1]) == pieces[0]
    assert tokens.crop(0, 99) == tokens.crop(0) == tokens
    assert tokens.crop(8).lengths.tolist() == [0, 0]
    assert len(Tokens.join([tokens[:0], tokens[:0]])) == 0


def test_crop_takes_grid_and_origin_along():
    tokens = snac((6,)).replace(grid=[[6]])
    piece = tokens.crop(2, 4)
    assert piece.grid is not None
    assert piece.grid.tolist() == [[2]]
    assert piece.origin[0] == Origin(out_samples=16, channels=1)
    assert tokens.crop(4).origin[0] == Origin(out_samples=15, channels=1)
    assert Tokens.join([tokens.crop(0, 4), tokens.crop(4)]) == tokens


def test_wrong_crops():
    tokens = snac()
    with pytest.raises(TokenError, match=r"crop\(1, 4\): cuts are legal at multiples of 2"):
        tokens.crop(1, 4)
    with pytest.raises(TokenError, match="cuts are legal"):
        tokens.crop(0, 3)  # the end of the second item, but inside the first
    assert tokens[1].crop(0, 3) == tokens[1]
    with pytest.raises(TokenError, match="start"):
        tokens.crop(-2)
    with pytest.raises(TokenError, match="stop"):
        tokens.crop(4, 2)
    with pytest.raises(TokenError, match="no cut in time"):
        make(RASTER, [[[1]]]).crop(0, 1)


def test_wrong_joins():
    tokens = codec()
    with pytest.raises(TokenError, match="nothing"):
        Tokens.join([])
    with pytest.raises(TokenError, match="in time, not in 'raster'"):
        Tokens.join([make(RASTER, [[[1]]])] * 2)
    with pytest.raises(TokenError, match=r"pieces of \[2, 1\] items"):
        Tokens.join([tokens, tokens[:1]])
    with pytest.raises(TokenError, match="item 0 has a piece of 7 positions.* multiples of 3"):
        Tokens.join([tokens, tokens])
    with pytest.raises(TokenError, match=r"item 0 has \[1, 2\] slots"):
        Tokens.join([tokens[1], tokens[1].prefix(1)])
    other = tokens.replace(extras={**tokens.extras, "speaker": torch.zeros(2, 5).half()})
    with pytest.raises(TokenError, match="'speaker' differs between the pieces of item 0"):
        Tokens.join([tokens.crop(0, 3), other.crop(3)])
    loud = tokens.crop(3).replace(origin=[Origin(rate=8000)] * 2)
    soft = tokens.crop(0, 3).replace(origin=[Origin(rate=16000)] * 2)
    with pytest.raises(TokenError, match="rate"):
        Tokens.join([soft, loud])
