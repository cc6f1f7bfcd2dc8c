"""Ids for language models: layouts, and the way back."""

import numpy as np
import pytest
import torch
from rvq_tokens import CODES, RVQ, rvq

from zoo.errors import TokenError
from zoo.tokens import Layout, Prefixes, Tokens, TokenSpec, codes_from_ids, pad_codes

SEED = TokenSpec("prefix", (8192,), 4)
FLOW = TokenSpec("scales", (32,), prefixes=Prefixes("position", "scales", (1, 5, 14)))
GROUPS = TokenSpec("raster", (10, 20), 4)
HOLES = TokenSpec("raster", (10,), 4, holes=True)


def back(streams, spec, layout=None, **given):
    return [codes.tolist() for codes in codes_from_ids(streams, spec, layout or Layout(), **given)]


def test_orders():
    tokens = rvq()
    assert tokens.ids()[0].tolist() == [0, 12, 34, 1, 13, 35]
    assert tokens.ids("slot")[0].tolist() == [0, 1, 12, 13, 34, 35]
    assert tokens.ids("delay", fill=99, per_slot=False)[0].reshape(4, 3).T.tolist() == [
        [0, 1, 99, 99],
        [99, 2, 3, 99],
        [99, 99, 4, 5],
    ]
    assert tokens.ids(offset=100, per_slot=False)[0].tolist() == [100, 102, 104, 101, 103, 105]
    assert tokens.ids(offset=100, begin=7, end=8)[0].tolist() == [
        7,
        100,
        112,
        134,
        101,
        113,
        135,
        8,
    ]
    assert tokens.ids()[0].dtype == torch.int64


def test_ragged_lengths_and_qualities():
    tokens = rvq().prefix(1)
    both = Tokens.cat([tokens, rvq()])
    assert [len(stream) for stream in both.ids()] == [2, 6]
    assert back(both.ids(), RVQ, prefix=[1, 3]) == [[[0, 1]], CODES[0]]
    assert back(both.ids("slot"), RVQ, Layout("slot"), positions=[2, 2]) == [[[0, 1]], CODES[0]]
    assert back(both.ids("slot"), RVQ, Layout("slot"), positions=2) == [[[0, 1]], CODES[0]]


def test_the_layout_of_seed():
    tokens = Tokens([[[8191, 0, 17, 5]]], spec=SEED, space="seed")
    stream = tokens.ids(offset=32000, begin=40192, end=40193)
    assert stream[0].tolist() == [40192, 40191, 32000, 32017, 32005, 40193]
    layout = Layout(offset=32000, begin=40192, end=40193)
    assert back(stream, SEED, layout) == [[[8191, 0, 17, 5]]]
    chat = [1, 2, 3, *stream[0].tolist(), 4, 5]
    assert back([chat], SEED, layout, errors="trim") == [[[8191, 0, 17, 5]]]
    assert back([stream[0][1:]], SEED, layout, errors="trim") == [[[8191, 0, 17, 5]]]


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_streams_of_any_kind(kind):
    assert back([kind([0, 12, 34, 1, 13, 35])], RVQ) == [CODES[0]]
    assert back(kind([[0, 12, 34], [1, 13, 35]]), RVQ)[1] == [[1], [3], [5]]


def test_no_streams():
    assert codes_from_ids([], RVQ) == []
    assert back([[]], RVQ)[0] == [[], [], []]


@pytest.mark.parametrize(
    ("stream", "spec", "layout", "given", "message"),
    [
        ([0, 1, 2, 8192], SEED, {}, {}, "item 0: id 8192 at place 3 .slot 0, position 3.; legal are 0..8191"),
        ([0, 1, 2, -1], SEED, {}, {}, "id -1 at place 3"),
        ([0, 1, 2], SEED, {}, {}, "item 0: 3 ids; expected 4"),
        ([0] * 6, FLOW, {}, {}, "6 positions; the spec allows 1, 5, 14"),
        ([0] * 5, FLOW, {}, {"prefix": 3}, "5 ids; expected 14"),
        ([0] * 5, FLOW, {}, {"prefix": 4}, "prefix 4"),
        ([0] * 4, SEED, {}, {"prefix": 1}, "have no prefixes"),
        ([0, 12, 34, 1], RVQ, {}, {}, "4 ids are no whole number of positions of 3 slots"),
        ([0, 12, 9, 1, 13, 35], RVQ, {}, {}, r"id 9 at place 2 .slot 2, position 0.; legal are 30..59"),
        ([0, 1, 12, 9, 34, 35], RVQ, {"order": "slot"}, {}, r"place 3 .slot 1, position 1."),
        ([5, 0, 12, 34], RVQ, {"begin": 70}, {}, "starts with .5., not begin 70"),
        ([70, 0, 12, 99], RVQ, {"begin": 70}, {}, r"id 99 at place 3 "),
        ([], RVQ, {"begin": 70}, {}, "not begin 70"),
        ([0, 12, 34], RVQ, {"end": 70}, {}, "ends with .34., not end 70"),
        ([70], RVQ, {"begin": 70, "end": 70}, {}, "not end 70"),
        ([[1]], RVQ, {}, {}, "item 0: expected axes .id."),
        ([0.5], RVQ, {}, {}, "item 0: expected whole numbers"),
        ([1], RVQ, {"order": "zigzag"}, {}, "order: expected one of position, slot, delay"),
        ([1], RVQ, {"order": "delay"}, {}, "fill: order 'delay' leaves gaps"),
        ([1], RVQ, {"offset": -1}, {}, "offset"),
        ([1], RVQ, {"begin": 59}, {}, "begin: 59 is also the id of a code: 0..59"),
        ([1], RVQ, {"end": 10, "offset": 5, "per_slot": False}, {}, "end: 10 is also"),
        ([1], RVQ, {"fill": 0}, {}, "fill: 0 is also"),
        ([1], RVQ, {}, {"errors": "ignore"}, "errors: expected one of strict, trim"),
        ([1], RVQ, {}, {"prefix": [1, 1]}, "prefix: 2 of them for 1 streams"),
        ([1], RVQ, {}, {"positions": -1}, "positions"),
    ],
)  # fmt: skip
def test_wrong_streams_name_item_and_place(stream, spec, layout, given, message):
    with pytest.raises(TokenError, match=message):
        codes_from_ids([stream], spec, Layout(**layout), **given)


def test_the_item_is_named():
    with pytest.raises(TokenError, match="item 1: id 8192"):
        codes_from_ids([[0, 1, 2, 3], [0, 1, 2, 8192]], SEED)


def test_gaps_of_delay_hold_fill():
    layout = Layout("delay", fill=99)
    stream = rvq().ids("delay", fill=99)[0]
    assert back([stream], RVQ, layout) == CODES
    wrong = stream.clone()
    wrong[1] = 12
    with pytest.raises(TokenError, match="id 12 at place 1, a gap of order 'delay'; expected fill"):
        codes_from_ids([wrong], RVQ, layout)
    inside = stream.clone()
    inside[3] = 99
    with pytest.raises(TokenError, match="id 99 at place 3 "):
        codes_from_ids([inside], RVQ, layout)


def test_trim_drops_what_is_incomplete():
    layout = Layout("delay", fill=99)
    assert back([[0, 12, 34, 1, 13]], RVQ, errors="trim") == [[[0], [2], [4]]]
    assert back([[0] * 13], FLOW, errors="trim") == [[[0] * 5]]
    assert back([[0] * 13], FLOW, errors="trim", prefix=1) == [[[0]]]
    assert back([[0, 1, 2, 3, 4, 5]], SEED, errors="trim") == [[[0, 1, 2, 3]]]
    assert back([[0, 12, 34, 60, 1]], RVQ, Layout(end=60), errors="trim") == [[[0], [2], [4]]]
    stream = rvq().ids("delay", fill=99)[0].tolist()
    assert back([stream[:-1]], RVQ, layout, errors="trim") == [[[0], [2], [4]]]
    assert back([stream + [99] * 6], RVQ, layout, errors="trim") == CODES
    assert back([stream[:5]], RVQ, layout, errors="trim") == [[[], [], []]]
    with pytest.raises(TokenError, match="3 ids are too few; the spec allows 4"):
        codes_from_ids([[0, 1, 2]], SEED, errors="trim")
    with pytest.raises(TokenError, match="id 9 at place 2"):
        codes_from_ids([[0, 12, 9, 1]], RVQ, errors="trim")


def test_trim_of_order_slot_keeps_whole_slots():
    layout = Layout("slot")
    stream = rvq().ids("slot")[0].tolist()
    assert back([stream[:5]], RVQ, layout, errors="trim", positions=2) == [[[0, 1], [2, 3]]]
    assert back([stream], RVQ, layout, errors="trim") == CODES
    with pytest.raises(TokenError, match="give positions"):
        codes_from_ids([stream[:5]], RVQ, layout, errors="trim")
    with pytest.raises(TokenError, match="1 ids are too few"):
        codes_from_ids([stream[:1]], RVQ, layout, errors="trim", positions=2)
    with pytest.raises(TokenError, match="7 ids are too few"):
        codes_from_ids([[0] * 7], GROUPS, layout, errors="trim")


def test_holes_need_fill():
    tokens = Tokens([[[-1, 3, -1, 5]]], spec=HOLES, space="test:1")
    with pytest.raises(TokenError, match="fill: item 0 has holes"):
        tokens.ids()
    assert tokens.ids(fill=50)[0].tolist() == [50, 3, 50, 5]
    for order in ("position", "slot", "delay"):
        streams = tokens.ids(order, fill=50)
        for errors in ("strict", "trim"):
            assert back(streams, HOLES, Layout(order, fill=50), errors=errors) == [[[-1, 3, -1, 5]]]


def test_back_to_tokens():
    tokens = Tokens.cat([rvq(), rvq(lengths=[1])])
    codes, lengths = pad_codes(codes_from_ids(tokens.ids(), RVQ))
    assert tokens.replace(codes=codes, lengths=lengths) == tokens
