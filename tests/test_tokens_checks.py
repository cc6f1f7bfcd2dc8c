"""The Tokens container: what it refuses, and in which words."""

import pytest
import torch
from token_samples import CODEC, FLOW, RASTER, SEED, SNAC, codec, make

from zoo.errors import TokenError
from zoo.tokens import (
    Origin,
    Tokens,
)


@pytest.mark.parametrize(
    ("spec", "codes", "given", "message"),
    [
        (SEED, torch.zeros(2, 4), {}, "axes .item, slot, position., got shape .2, 4."),
        (SEED, torch.zeros(1, 1, 4), {}, "whole numbers, got torch.float32"),
        (SEED, torch.zeros(1, 1, 4) > 0, {}, "got torch.bool"),
        (SEED, "ids", {}, "codes: expected whole numbers"),
        (
            SEED,
            [[[0, 1, 2, 8192]]],
            {},
            r"id 8192 at item 0, slot 0, position 3; legal are 0..8191",
        ),
        (SEED, [[[0, 1, 2, -2]]], {}, "-2 is no id at item 0, slot 0, position 3 of 4"),
        (SEED, [[[0, -1, 2, 3]]], {}, "the id is missing at item 0, slot 0, position 1 of 4"),
        (SEED, [[[0, 1, 2]]], {}, "item 0 has 3 positions; the spec allows 4"),
        (SEED, torch.zeros(1, 2, 4).long(), {}, "2 slots; the spec allows 1"),
        (SNAC, torch.zeros(1, 2, 4).long(), {}, "2 slots; the spec allows 1, 3, 7"),
        (
            SNAC,
            torch.full((1, 7, 4), -1).index_fill(1, torch.arange(2), 0),
            {},
            "item 0 has 2 slots",
        ),
        (SNAC, torch.zeros(1, 7, 4).long(), {"lengths": [5]}, "lengths: 5 for item 0"),
        (SNAC, torch.zeros(1, 7, 4).long(), {"lengths": [-1]}, "lengths: -1"),
        (SNAC, torch.zeros(1, 7, 4).long(), {"lengths": [1, 2]}, "lengths: 2 of them for 1 items"),
        (SNAC, torch.zeros(1, 7, 4).long(), {"lengths": [1.5]}, "lengths: expected whole numbers"),
        (FLOW, torch.zeros(1, 1, 6).long(), {}, "6 positions; the spec allows 1, 5, 14"),
        (RASTER, [[[1, 2, 3]]], {"grid": [[2, 2]]}, r"grid: \[2, 2\] for item 0, which has 3"),
        (RASTER, [[[1, 2, 3]]], {"grid": [[3, 0]]}, "grid"),
        (RASTER, [[[1, 2, 3]]], {"grid": [3]}, "grid: expected axes"),
        (RASTER, [[[1, 2, 3]]], {"grid": [[1, 1, 1, 3]]}, "1 to 3 sides"),
        (SNAC, torch.zeros(1, 7, 4).long(), {"grid": [[3]]}, "grid"),
        (SNAC, torch.zeros(1, 7, 4).long(), {"grid": [[2, 2]]}, "one side, t"),
        (RASTER, [[[1]]], {"origin": [None, None]}, "origin: expected a list of 1"),
        (RASTER, [[[1]]], {"origin": Origin()}, "origin: expected a list of 1"),
        (RASTER, [[[1]]], {"origin": [{"size": [1, 1]}]}, "origin: item 0 has"),
        (RASTER, [[[1]]], {"made_by": {"model": torch}}, "made_by: expected a dict of plain JSON"),
        (RASTER, [[[1]]], {"made_by": {"loss": float("nan")}}, "made_by"),
        (RASTER, [[[1]]], {"made_by": "me"}, "made_by"),
        (RASTER, [[[1]]], {"extras": {"scale": [1]}}, "declares none, got .'scale'."),
    ],
)
def test_wrong_tokens_name_the_place(spec, codes, given, message):
    with pytest.raises(TokenError, match=message):
        make(spec, codes, **given)


def test_wrong_spec_and_space():
    with pytest.raises(TokenError, match="spec"):
        Tokens([[[1]]], spec={"order": "raster"}, space="x")  # pyright: ignore[reportArgumentType]
    with pytest.raises(TokenError, match="space"):
        Tokens([[[1]]], spec=RASTER, space="")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scale", torch.ones(2, 3).double(), "expected float32, got torch.float64"),
        ("scale", torch.ones(2, 4), r"shape \[2, 4\]; expected \[2, 3\] \['item', 'segment'\]"),
        ("scale", torch.ones(3, 3), "shape"),
        ("scale", torch.ones(2), "shape"),
        ("scale", "loud", "expected float32 numbers"),
        ("scale", torch.tensor([[1, 1, 1], [float("nan"), 1, 1]]), "NaN or infinite in item 1"),
        ("gain", torch.ones(2, 1, 7, dtype=torch.int16), r"expected \[2, 2, 7\]"),
    ],
)
def test_wrong_extras(name, value, message):
    tokens = codec()
    with pytest.raises(TokenError, match=f"extra '{name}'.*{message}"):
        tokens.replace(extras={**tokens.extras, name: value})


def test_missing_extras_name_the_way_out():
    with pytest.raises(TokenError, match="neutral_extras"):
        make(CODEC, [[[1], [1]]])
