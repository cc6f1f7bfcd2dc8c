"""The Tokens container: what it takes, keeps and says of its size."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch
from token_samples import CODEC, MERGED, RASTER, SEED, SNAC, codec, make, snac

from zoo.errors import TokenError
from zoo.tokens import (
    Tokens,
    neutral_extras,
    pad_codes,
)

# what it keeps


def test_kept_form():
    tokens = make(SNAC, np.full((2, 7, 9), 5, np.int16), lengths=[4, 2])
    assert tokens.codes.shape == (2, 7, 4)
    assert tokens.codes.dtype == tokens.lengths.dtype == torch.int64
    assert (tokens.codes[1, :, 2:] == -1).all()
    assert tokens.lengths.tolist() == [4, 2]
    assert tokens.slot_counts.tolist() == [7, 7]
    assert tokens.origin == (None, None)
    assert tokens.extras == {}
    assert tokens.made_by == {}
    assert len(tokens) == 2


def test_lists_are_taken_and_lengths_found():
    tokens = make(RASTER, [[[1, 2, 3]], [[4, -1, -1]]])
    assert tokens.lengths.tolist() == [3, 1]


def test_nothing_is_shared_with_the_caller():
    codes = torch.ones(1, 7, 2, dtype=torch.int64)
    lengths, made_by = torch.tensor([2]), {"options": {"steps": 1}}
    tokens = make(SNAC, codes, lengths=lengths, made_by=made_by)
    codes.fill_(99)
    lengths.fill_(99)
    made_by["options"]["steps"] = 2
    assert tokens.codes.max() == 1
    assert tokens.lengths.tolist() == [2]
    assert tokens.made_by == {"options": {"steps": 1}}
    assert not np.shares_memory(tokens.numpy(), tokens.codes.numpy())

    scale = torch.ones(1, 1)
    given = neutral_extras(CODEC, torch.zeros(1, 2, 3), sizes={"dim": 1}) | {"scale": scale}
    held = make(CODEC, torch.zeros(1, 2, 3, dtype=torch.int64), extras=given)
    scale.fill_(float("nan"))
    assert held.extras["scale"].item() == 1


def test_frozen():
    tokens = snac()
    with pytest.raises(dataclasses.FrozenInstanceError, match="replace"):
        tokens.codes = tokens.codes + 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        del tokens.codes
    with pytest.raises(TypeError):
        codec().extras["scale"] = torch.zeros(2, 3)  # pyright: ignore[reportIndexIssue]


def test_ids_made_in_inference_mode_meet_autograd():
    table = torch.nn.Parameter(torch.rand(16, 2))
    with torch.inference_mode():
        tokens = codec((3, 3))
    torch.nn.functional.embedding(tokens.codes, table).sum().backward()
    (tokens.extras["scale"] * table.sum()).sum().backward()
    assert table.grad is not None


def test_replace():
    tokens = snac()
    other = tokens.replace(codes=(tokens.codes + 1).clamp(max=15))
    assert other.lengths.tolist() == [6, 3]
    assert other.origin == tokens.origin
    assert other != tokens
    assert tokens.replace(codes=tokens.codes[:, :, :4]).lengths.tolist() == [4, 3]
    assert tokens.replace(space="test:2").space == "test:2"
    with pytest.raises(TypeError):
        tokens.replace(code=tokens.codes)


def test_pickle_and_copy():
    for tokens in (snac(), codec(), codec()[:0]):
        again = pickle.loads(pickle.dumps(tokens))
        assert again == tokens
        assert again.made_by == tokens.made_by
        assert copy.deepcopy(tokens) == tokens


def test_equality():
    tokens = snac()
    assert tokens == snac()
    assert tokens == tokens.replace(made_by={"checkpoint": "another"})
    padded = torch.nn.functional.pad(tokens.codes, (0, 3), value=11)
    assert tokens == tokens.replace(codes=padded, lengths=tokens.lengths)
    assert tokens != tokens.replace(space="test:2")
    assert tokens != tokens.replace(origin=None)
    assert tokens != tokens.replace(lengths=[6, 2])
    assert tokens != tokens[[1, 0]]
    assert tokens != tokens[:1]
    assert tokens != "tokens"
    assert make(RASTER, [[[1]]], grid=[[1, 1]]) != make(RASTER, [[[1]]])
    changed = {**codec().extras, "speaker": codec().extras["speaker"] + 1}
    assert codec() != codec().replace(extras=changed)
    with pytest.raises(TypeError, match="unhashable"):
        hash(tokens)


def test_padding_of_extras_takes_no_part():
    tokens = codec()
    scale = tokens.extras["scale"].clone()
    scale[1, 1:] = 77  # the second item has one segment
    assert tokens.replace(extras={**tokens.extras, "scale": scale}) == tokens
    scale[1, 0] = 77
    assert tokens.replace(extras={**tokens.extras, "scale": scale}) != tokens


def test_repr():
    assert repr(snac()) == (
        "Tokens(2 items x 7 slots x 3..6 positions, time, vocabulary 16, space 'test:1')"
    )
    assert "vocabulary 8, 16, extras scale, gain, speaker" in repr(codec())
    assert "0 items" in repr(snac()[:0])
    assert repr(make(RASTER, [[[1]]])).startswith("Tokens(1 item x 1 slot x 1 position, raster")


def test_to():
    tokens = codec()
    assert tokens.to("cpu") == tokens
    meta = tokens.codes.device
    assert tokens.device == meta


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_cuda(tmp_path):
    tokens = codec()
    there = tokens.to("cuda")
    assert there.device.type == "cuda"
    assert there == tokens
    assert there[0].prefix(1) == tokens[0].prefix(1)
    assert Tokens.join([there.crop(0, 3), there.crop(3)]) == tokens
    assert torch.equal(there.bits(), tokens.bits())
    assert torch.equal(there.ids()[0].cpu(), tokens.ids()[0])
    there.save(tmp_path / "t.safetensors", packed=True)
    assert Tokens.load(tmp_path / "t.safetensors") == tokens
    with pytest.raises(TokenError, match="call .to"):
        Tokens.cat([there, tokens])


# sizes


def test_bits():
    tokens = codec((7, 3))
    assert tokens.bits().dtype == torch.float64
    assert tokens.bits().tolist() == [7 * (4 + 3), 3 * (4 + 3)]
    assert tokens.prefix([1, 2]).bits().tolist() == [7 * 4, 3 * 7]
    assert tokens.extra_bits().tolist() == [3 * 32 + 14 * 3 + 5 * 16, 32 + 6 * 3 + 5 * 16]
    assert tokens[:0].bits().shape == tokens[:0].extra_bits().shape == (0,)
    assert make(SEED, [[[1, 2, 3, 4]]]).bits().item() == 4 * 13


# an empty batch, and helpers


def test_no_items():
    tokens = codec()[:0]
    assert len(tokens) == 0
    assert tokens.origin == ()
    assert tokens.ids() == []
    assert list(tokens) == []
    assert tokens.numpy().shape[0] == 0
    assert tokens.crop(0, 3) == tokens
    assert tokens.prefix(1) == tokens
    assert make(SEED, torch.empty(0, 1, 0).long()) == make(SEED, torch.empty(0, 1, 4).long())


def test_items_of_no_positions():
    tokens = make(SNAC, torch.zeros(2, 7, 3).long(), lengths=[3, 0])
    assert tokens[1].codes.shape == (1, 7, 0)
    assert tokens.bits().tolist() == [3 * 7 * 4, 0]
    assert Tokens.cat([tokens[1], tokens[0]]) == tokens[[1, 0]]


def test_neutral_extras():
    codes = torch.zeros(2, 2, 7, dtype=torch.int64)
    made = neutral_extras(CODEC, codes, sizes={"dim": 5})
    assert {name: tuple(t.shape) for name, t in made.items()} == {
        "scale": (2, 3),
        "gain": (2, 2, 7),
        "speaker": (2, 5),
    }
    assert made["gain"].dtype == torch.int16
    assert (made["scale"] == 1).all()
    assert make(CODEC, codes, extras=made).extras.keys() == made.keys()
    with pytest.raises(TokenError, match="size of axis 'dim' is unknown"):
        neutral_extras(CODEC, codes)
    ids = torch.zeros(1, 1, 6, dtype=torch.int64)
    maps = neutral_extras(MERGED, ids, grid=torch.tensor([[2, 3, 4]]))
    assert maps["source_map"].shape == (1, 2, 3, 4)
    with pytest.raises(TokenError, match="axis 'frame' is unknown"):
        neutral_extras(MERGED, ids)


def test_pad_codes():
    codes, lengths = pad_codes([torch.zeros(2, 3).long(), torch.ones(1, 4).long()])
    assert codes.shape == (2, 2, 4)
    assert codes[1].tolist() == [[1] * 4, [-1] * 4]
    assert lengths.tolist() == [3, 4]
    with pytest.raises(TokenError, match="item 1"):
        pad_codes([torch.zeros(2, 3), torch.zeros(3)])
    with pytest.raises(TokenError, match="no items"):
        pad_codes([])
