"""Wrong specs: each names the key and what it should be."""

import pytest
from token_specs import SPECS

from zoo.errors import TokenError
from zoo.tokens.spec import TokenSpec

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
