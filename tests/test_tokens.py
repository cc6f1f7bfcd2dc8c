"""The Tokens container: what it takes, keeps, cuts, puts together and refuses."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
import torch

from zoo.errors import TokenError
from zoo.tokens import (
    ExtraSpec,
    Origin,
    Prefixes,
    Tokens,
    TokenSpec,
    neutral_extras,
    pad_codes,
)

FLEX = TokenSpec("prefix", (64,), 8, Prefixes("position", "tokens", tuple(range(1, 9))))
FLOW = TokenSpec("scales", (32,), prefixes=Prefixes("position", "scales", (1, 5, 14)))
SEED = TokenSpec("prefix", (8192,), 4)
SNAC = TokenSpec(
    "time",
    (16,) * 7,
    prefixes=Prefixes("slot", "levels", (1, 3, 7)),
    hop=8,
    sample_rate=80,
    crop=2,
)
CODEC = TokenSpec(  # EnCodec 48 kHz, small: a scale per segment, and one extra of each other kind
    "time",
    (16, 8),
    prefixes=Prefixes("slot", "codebooks", (1, 2)),
    extras=(
        ExtraSpec("scale", "float32", ("item", "segment"), 1.0, 32),
        ExtraSpec("gain", "int16", ("item", "slot", "position"), -1, 3),
        ExtraSpec("speaker", "float16", ("item", "dim"), 0.0, 16),
    ),
    hop=4,
    crop=3,
    segment=3,
)
MERGED = TokenSpec(
    "raster",
    (16,),
    6,
    extras=(ExtraSpec("source_map", "int32", ("item", "frame", "row", "column"), 0, 2),),
    holes=True,
)
RASTER = TokenSpec("raster", (256,))


def make(spec, codes, **given):
    return Tokens(codes, spec=spec, space="test:1", **given)


def snac(lengths=(6, 3)):
    torch.manual_seed(0)
    codes = torch.randint(0, 16, (len(lengths), 7, max(lengths)))
    origin = [Origin(out_samples=8 * n - 1, channels=1) for n in lengths]
    return make(SNAC, codes, lengths=lengths, origin=origin, made_by={"checkpoint": "snac-tiny"})


def codec(lengths=(7, 3)):
    torch.manual_seed(1)
    n, most = len(lengths), max(lengths)
    return make(
        CODEC,
        torch.stack([torch.randint(0, 16, (n, most)), torch.randint(0, 8, (n, most))], 1),
        lengths=lengths,
        extras={
            "scale": torch.rand(n, -(-most // 3)),
            "gain": torch.randint(0, 99, (n, 2, most), dtype=torch.int16),
            "speaker": torch.rand(n, 5).half(),
        },
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


# what it refuses


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


# items


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


# parts


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
