"""Items of Tokens: taken out, and put together."""

import numpy as np
import pytest
import torch
from token_samples import MERGED, RASTER, SEED, codec, make, snac

from zoo.errors import TokenError
from zoo.tokens import (
    Tokens,
)


def test_selecting_items():
    tokens = snac((6, 3, 1))
    assert tokens[1].codes.shape == (1, 7, 3)
    assert tokens[-1] == tokens[2]
    assert tokens[np.int64(1)] == tokens[1]
    assert tokens[torch.tensor(1)] == tokens[1]
    assert tokens[1:].lengths.tolist() == [3, 1]
    assert (
        tokens[::-1]
        == tokens[[2, 1, 0]]
        == tokens[torch.tensor([2, 1, 0])]
        == tokens[range(2, -1, -1)]
    )
    assert tokens[[True, False, True]] == tokens[[0, 2]] == tokens[np.array([True, False, True])]
    assert tokens[[0, 0]].origin == (tokens.origin[0],) * 2
    assert len(tokens[[]]) == len(tokens[5:]) == 0
    assert [len(item) for item in tokens] == [1, 1, 1]
    assert tokens[0].made_by == tokens.made_by


@pytest.mark.parametrize(
    ("index", "error"),
    [
        (3, IndexError),
        (-4, IndexError),
        ([0, 7], IndexError),
        ([True], IndexError),
        ((0, 1), TypeError),
        (1.0, TypeError),
        (True, TypeError),
        ("a", TypeError),
        ([0, True], TypeError),
        (torch.tensor([0.0]), TypeError),
    ],
)
def test_wrong_indices(index, error):
    with pytest.raises(error):
        snac((6, 3, 1))[index]


def test_cat_pads():
    parts = [codec((7, 3)), codec((2,)), codec((9,))]
    tokens = Tokens.cat(parts)
    assert tokens.codes.shape == (4, 2, 9)
    assert tokens.lengths.tolist() == [7, 3, 2, 9]
    assert tokens.extras["scale"].shape == (4, 3)
    assert tokens.extras["gain"][2, 0].tolist()[2:] == [-1] * 7
    assert tokens[2] == parts[1]
    assert Tokens.cat(iter(tokens)) == tokens
    assert Tokens.cat([tokens[:0], tokens, tokens[:0]]) == tokens
    assert len(Tokens.cat([tokens[:0], tokens[:0]])) == 0


def test_cat_of_different_qualities():
    tokens = Tokens.cat([snac().prefix(1), snac()])
    assert tokens.slot_counts.tolist() == [1, 1, 7, 7]
    assert tokens[:2] == snac().prefix(1)


def test_made_by_keeps_what_all_agree_on():
    one = snac()[:1].replace(made_by={"checkpoint": "a", "dtype": "float32", "steps": 1})
    two = snac()[1:].replace(made_by={"checkpoint": "a", "dtype": "bfloat16"})
    assert Tokens.cat([one, two]).made_by == {"checkpoint": "a"}


def test_cat_refuses():
    tokens = codec()
    with pytest.raises(TokenError, match="nothing"):
        Tokens.cat([])
    with pytest.raises(TokenError, match="mean different things"):
        Tokens.cat([tokens, tokens.replace(space="test:2")])
    with pytest.raises(TokenError, match="specs differ"):
        Tokens.cat([make(RASTER, [[[1]]]), make(SEED, [[[1, 2, 3, 4]]])])
    with pytest.raises(TokenError, match="grid"):
        Tokens.cat([make(RASTER, [[[1]]], grid=[[1, 1]]), make(RASTER, [[[1]]])])
    with pytest.raises(TokenError, match="grid"):
        Tokens.cat([make(RASTER, [[[1]]], grid=[[1, 1]]), make(RASTER, [[[1]]], grid=[[1, 1, 1]])])
    wider = tokens.replace(extras={**tokens.extras, "speaker": torch.zeros(2, 6).half()})
    with pytest.raises(TokenError, match=r"'speaker' differs in axis dim: \[5, 6\]"):
        Tokens.cat([tokens, wider])


def test_maps_of_different_grids():
    def video(rows):
        labels = torch.arange(2 * rows, dtype=torch.int32).reshape(1, 1, 2, rows)
        grid = [[1, 2, rows]]
        return make(MERGED, [[[-1, 1, 2, 3, -1, 5]]], grid=grid, extras={"source_map": labels})

    tokens = Tokens.cat([video(2), video(3)])
    assert tokens.lengths.tolist() == [6, 6]
    assert tokens.extras["source_map"].shape == (2, 1, 2, 3)
    assert tokens[0] == video(2)
    assert tokens.extra_bits().tolist() == [4 * 2, 6 * 2]
    assert tokens.bits().tolist() == [4 * 4, 4 * 4]
    with pytest.raises(TokenError, match="source_map"):
        video(2).replace(grid=[[1, 2, 3]])
