"""TokenSpec, its parts, and Origin: plain values that load no torch."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from zoo.errors import TokenError
from zoo.tokens.checks import show
from zoo.tokens.origin import Origin, crop_origin, join_origins
from zoo.tokens.spec import ExtraSpec, Prefixes, TokenSpec

SCALES = (1, 5, 21, 57, 121, 221, 365, 561, 817)
SPECS = {
    "flextok": {
        "order": "prefix",
        "vocab_sizes": [64000],
        "positions": 256,
        "prefixes": {"axis": "position", "unit": "tokens", "sizes": "1..256"},
    },
    "tokenflow": {
        "order": "scales",
        "vocab_sizes": [32768],
        "prefixes": {"axis": "position", "unit": "scales", "sizes": list(SCALES)},
    },
    "seed": {"order": "prefix", "vocab_sizes": [8192], "positions": 32},
    "snac": {
        "order": "time",
        "vocab_sizes": {"size": 4096, "slots": 7},
        "prefixes": {"axis": "slot", "unit": "levels", "sizes": [1, 3, 7]},
        "slots": ["coarse", "mid 1", "mid 2", "fine 1", "fine 2", "fine 3", "fine 4"],
        "hop": 2048,
        "sample_rate": 24000,
        "crop": 1,
    },
    "encodec-48k": {
        "order": "time",
        "vocab_sizes": {"size": 1024, "slots": 16},
        "prefixes": {"axis": "slot", "unit": "codebooks", "sizes": [2, 4, 8, 16]},
        "extras": [
            {
                "name": "scale",
                "dtype": "float32",
                "axes": ["item", "segment"],
                "neutral": 1.0,
                "bits": 32,
            }
        ],
        "hop": 320,
        "sample_rate": 48000,
        "crop": 150,
        "segment": 150,
        "segment_hop": 47520,
    },
    "tempme": {
        "order": "raster",
        "vocab_sizes": [8192],
        "positions": 97,
        "holes": True,
        "extras": [
            {
                "name": "source_map",
                "dtype": "int32",
                "axes": ["item", "frame", "row", "column"],
                "neutral": 0,
                "bits": 7,
            }
        ],
    },
}


@pytest.mark.parametrize("name", SPECS)
def test_card_form_round_trips(name):
    spec = TokenSpec.from_dict(SPECS[name])
    assert TokenSpec.from_dict(spec.to_dict()) == spec
    assert hash(spec) == hash(TokenSpec.from_dict(SPECS[name]))


def test_shorthands():
    spec = TokenSpec.from_dict(SPECS["flextok"])
    assert spec.prefixes is not None
    assert spec.prefixes.sizes == spec.prefixes.values == tuple(range(1, 257))
    assert spec.to_dict()["prefixes"] == {"axis": "position", "unit": "tokens", "sizes": "1..256"}
    assert TokenSpec.from_dict(SPECS["snac"]).vocab_sizes == (4096,) * 7


def test_default_qualities():
    assert Prefixes("position", "scales", SCALES).values == tuple(range(1, 10))
    assert Prefixes("slot", "levels", (1, 3, 7)).values == (1, 2, 3)
    assert Prefixes("slot", "codebooks", (2, 4, 8)).values == (2, 4, 8)
    assert Prefixes("slot", "codebooks", (2, 4, 8), values=(1, 2, 3)).values == (1, 2, 3)


def test_sizes_and_qualities():
    levels = Prefixes("slot", "levels", (1, 3, 7))
    assert [levels.size_of(k) for k in (1, 2, 3)] == [1, 3, 7]
    assert levels.size_of(np.int64(2)) == 3
    assert [levels.value_of(n) for n in (1, 2, 7)] == [1, None, 3]
    for k in (0, 4, 2.0, True, "2"):
        with pytest.raises(TokenError, match="legal levels: 1..3"):
            levels.size_of(k)  # pyright: ignore[reportArgumentType]
    assert repr(levels) == "Prefixes(slot, levels 1..3, sizes 1, 3, 7)"


def test_rates():
    snac = TokenSpec.from_dict(SPECS["snac"])
    assert snac.token_rate == 24000 / 2048
    assert snac.bits_per_position == 7 * 12
    assert snac.samples(3) == 6144
    encodec = TokenSpec.from_dict(SPECS["encodec-48k"])
    assert encodec.token_rate == pytest.approx(150 / 0.99)
    assert [encodec.samples(n) for n in (0, 149, 150, 301)] == [0, 47680, 47520, 95360]
    seed = TokenSpec.from_dict(SPECS["seed"])
    assert seed.token_rate is None
    with pytest.raises(TokenError, match="hop"):
        seed.samples(1)


def test_legal_sizes():
    assert TokenSpec.from_dict(SPECS["tokenflow"]).position_sizes == SCALES
    assert TokenSpec.from_dict(SPECS["seed"]).position_sizes == (32,)
    assert TokenSpec.from_dict(SPECS["snac"]).position_sizes is None
    assert TokenSpec.from_dict(SPECS["snac"]).slot_sizes == (1, 3, 7)
    assert TokenSpec.from_dict(SPECS["seed"]).slot_sizes == (1,)


SCALE = SPECS["encodec-48k"]["extras"][0]
WRONG = [
    ("seed", {"colour": 1}, r"unknown keys \['colour'\]"),
    ("seed", {"order": "zigzag"}, r"order: expected one of time, raster, scales, prefix"),
    ("seed", {"vocab_sizes": []}, "vocab_sizes"),
    ("seed", {"vocab_sizes": [1024.0]}, r"vocab_sizes\[0\]"),
    ("seed", {"vocab_sizes": [2**31 + 1]}, r"vocab_sizes\[0\].*2147483648"),
    ("seed", {"vocab_sizes": "1024"}, "vocab_sizes: expected a list"),
    ("seed", {"vocab_sizes": {"size": 8}}, "size, slots"),
    ("seed", {"positions": True}, "positions"),
    ("seed", {"positions": "32"}, "positions"),
    ("seed", {"holes": 1}, "holes"),
    ("seed", {"hop": 320}, "hop: has no meaning"),
    ("seed", {"sample_rate": 16000}, "sample_rate: needs hop"),
    ("seed", {"crop": 1}, "crop"),
    ("seed", {"prefixes": {"axis": "slot", "unit": "x", "sizes": [2]}}, "prefixes.sizes: end at 2"),
    ("seed", {"prefixes": {"axis": "slot", "unit": "x", "sizes": [1]}, "holes": True}, "holes"),
    ("seed", {"prefixes": [1, 2]}, "prefixes: expected a mapping"),
    ("seed", {"prefixes": {"axis": "slot", "unit": "x"}}, "prefixes: missing sizes"),
    ("seed", {"prefixes": {"axis": "item", "unit": "x", "sizes": [1]}}, "prefixes.axis"),
    ("flextok", {"positions": 128}, "end at 256, but there are 128 positions"),
    ("flextok", {"prefixes": {"axis": "position", "unit": "x", "sizes": "256..1"}}, "span"),
    ("flextok", {"prefixes": {"axis": "position", "unit": "x", "sizes": [4, 2]}}, "rising"),
    (
        "flextok",
        {"prefixes": {"axis": "position", "unit": "x", "sizes": [1, 256], "values": [1]}},
        "prefixes.values: 1 qualities for 2 sizes",
    ),
    ("snac", {"slots": ["one"]}, "slots: 1 names for 7"),
    ("snac", {"slots": list("abcdefa")}, "slots: a name stands twice"),
    ("snac", {"positions": 4}, "crop"),
    ("encodec-48k", {"crop": 100}, "crop: 100 is no multiple of segment 150"),
    ("encodec-48k", {"extras": [], "crop": None, "segment": None}, "segment_hop"),
    ("encodec-48k", {"segment": None, "segment_hop": None}, "segment: needed"),
    ("encodec-48k", {"extras": [SCALE, SCALE]}, "twice"),
    ("encodec-48k", {"extras": [SCALE | {"name": "lengths"}]}, r"extras\[0\].name"),
    ("encodec-48k", {"extras": [SCALE | {"dtype": "float31"}]}, r"extras\[0\].dtype"),
    ("encodec-48k", {"extras": [SCALE | {"axes": ["segment"]}]}, r"extras\[0\].axes"),
    (
        "encodec-48k",
        {"extras": [SCALE | {"axes": ["item", "position", "segment"]}]},
        r"extras\[0\].axes: position and segment",
    ),
    ("encodec-48k", {"extras": [SCALE | {"axes": ["item", "row"]}]}, "crop: extra 'scale'"),
    ("encodec-48k", {"extras": [SCALE | {"neutral": float("nan")}]}, r"extras\[0\].neutral"),
    ("encodec-48k", {"extras": [SCALE | {"dtype": "uint8", "neutral": 256}]}, "no value of uint8"),
    ("encodec-48k", {"extras": [SCALE | {"bits": -1}]}, r"extras\[0\].bits"),
    ("encodec-48k", {"extras": SCALE}, "extras: expected a list"),
]


@pytest.mark.parametrize(("name", "change", "message"), WRONG)
def test_wrong_specs_name_the_key(name, change, message):
    with pytest.raises(TokenError, match=message):
        TokenSpec.from_dict(SPECS[name] | change)


def test_missing_keys():
    with pytest.raises(TokenError, match="missing order, vocab_sizes"):
        TokenSpec.from_dict({})
    with pytest.raises(TokenError, match="expected a mapping"):
        TokenSpec.from_dict([1])  # pyright: ignore[reportArgumentType]
    with pytest.raises(TokenError, match=r"extras\[0\]: expected an ExtraSpec"):
        TokenSpec("time", (8,), extras=({"name": "x"},))  # pyright: ignore[reportArgumentType]
    with pytest.raises(TokenError, match="prefixes: expected Prefixes"):
        TokenSpec("time", (8,), prefixes="all")  # pyright: ignore[reportArgumentType]


def test_numbers_in_messages():
    assert show([1, 2, 3, 4, 8, 9, 11]) == "1..4, 8, 9, 11"
    assert show([]) == ""


def test_an_extra_is_checked_alone():
    extra = ExtraSpec("gain", "int8", ("item",), -3, 8)
    assert extra.neutral == -3.0
    with pytest.raises(TokenError, match="neutral: 0.5 is no value of int8"):
        ExtraSpec("gain", "int8", ("item",), 0.5, 8)


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


def test_origins_that_do_not_join():
    assert join_origins([Origin(samples=1), None]) is None
    assert join_origins([Origin(samples=1), Origin()]) == Origin()
    with pytest.raises(TokenError, match="rate"):
        join_origins([Origin(rate=8000), Origin(rate=16000)])


def test_plain_parts_load_no_torch():
    code = (
        "import sys, zoo.tokens, zoo.tokens.spec, zoo.tokens.origin\n"
        "from zoo.tokens import TokenSpec, Prefixes, ExtraSpec, Origin\n"
        "TokenSpec.from_dict({'order': 'time', 'vocab_sizes': [8]}).to_dict()\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
        "zoo.tokens.Tokens\n"
        "assert 'torch' in sys.modules and 'Tokens' in dir(zoo.tokens)\n"
    )
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_unknown_names_of_the_package():
    import zoo.tokens

    with pytest.raises(AttributeError, match="no attribute 'Token'"):
        _ = zoo.tokens.Token
    for name in zoo.tokens.__all__:
        assert getattr(zoo.tokens, name) is not None
