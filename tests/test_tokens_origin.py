"""Origin: what an item was before it was prepared, also after it is cut and joined."""

from fractions import Fraction

import numpy as np
import pytest
from token_specs import SPECS

from zoo.errors import TokenError
from zoo.tokens.origin import Origin, crop_origin, join_origins
from zoo.tokens.spec import TokenSpec


def test_origin_round_trips_and_cleans_up():
    origin = Origin(
        size=(np.int64(480), 640),  # pyright: ignore[reportArgumentType]
        rect=[0, 80, 480, 480],  # pyright: ignore[reportArgumentType]
        canvas=(256, 256, 32, 0),
        times=(0, np.float32(0.5)),  # pyright: ignore[reportArgumentType]
    )
    assert origin.size == (480, 640)
    assert type(origin.size[0]) is int
    assert origin.times == (0.0, 0.5)
    assert Origin.from_dict(origin.to_dict()) == origin
    assert origin.to_dict()["rect"] == [0, 80, 480, 480]
    assert Origin().to_dict() == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": (0, 5)}, r"size\[0\]"),
        ({"size": 5}, "size: expected a list"),
        ({"rect": (0, 0, 1)}, "rect: expected 4 numbers"),
        ({"canvas": (1.5, 1, 0, 0)}, r"canvas\[0\]"),
        ({"samples": -1}, "samples"),
        ({"rate": True}, "rate"),
        ({"times": (0.0, float("inf"))}, r"times\[1\]"),
        ({"size": (10, 10), "rect": (5, 0, 6, 10)}, "leaves the original"),
    ],
)
def test_wrong_origins(values, message):
    with pytest.raises(TokenError, match=message):
        Origin(**values)


def test_origin_from_wrong_data():
    with pytest.raises(TokenError, match="unknown keys"):
        Origin.from_dict({"colour": 1})
    with pytest.raises(TokenError, match="expected a mapping"):
        Origin.from_dict([1])  # pyright: ignore[reportArgumentType]


def test_origins_are_cut_to_the_sample():
    spec = TokenSpec.from_dict(SPECS["snac"])
    whole = Origin(samples=44101, rate=44100, out_samples=24001, channels=2)
    ends = [0, 3, 3, 11, 12]  # 12 positions hold 24576 samples, padding included
    pieces = [crop_origin(whole, spec, 12, a, b) for a, b in zip(ends, ends[1:], strict=False)]
    assert [p.out_samples for p in pieces] == [6144, 0, 16384, 1473]
    assert pieces[0].samples == round(6144 * Fraction(44100, 24000))
    assert join_origins(pieces) == whole


def test_the_last_position_owns_what_lies_behind_it():
    spec = TokenSpec("time", (8,), hop=10, crop=1)
    whole = Origin(out_samples=37)  # three positions and a tail that no position holds
    cuts = ((0, 2), (2, 3), (3, 9), (3, None))
    pieces = [crop_origin(whole, spec, 3, a, b) for a, b in cuts]
    assert [p.out_samples for p in pieces] == [20, 17, 0, 0]
    assert crop_origin(whole, spec, 0, 0, 0).out_samples == 0
    assert crop_origin(whole, spec, 0, 0, None) == whole


def test_frame_times_are_cut():
    spec = TokenSpec("time", (8,), hop=4, crop=1)
    whole = Origin(times=tuple(i / 25 for i in range(10)))  # the last position is not full
    pieces = [crop_origin(whole, spec, 3, a, b) for a, b in ((0, 1), (1, 3), (3, 5))]
    assert [len(p.times or ()) for p in pieces] == [4, 6, 0]
    assert join_origins(pieces) == whole


def test_a_piece_of_no_samples_says_nothing_of_channels():
    pieces = [Origin(samples=0, channels=1), Origin(samples=3, channels=2), Origin(samples=0)]
    assert join_origins(pieces) == Origin(samples=3, channels=2)
    assert join_origins(pieces[:1] * 2) == pieces[0]


def test_origins_that_do_not_join():
    assert join_origins([Origin(samples=1), None]) is None
    assert join_origins([Origin(samples=1), Origin()]) == Origin()
    with pytest.raises(TokenError, match="differ in origin.channels"):
        join_origins([Origin(samples=1, channels=1), Origin(samples=1, channels=2)])
    with pytest.raises(TokenError, match="rate"):
        join_origins([Origin(rate=8000), Origin(rate=16000)])
