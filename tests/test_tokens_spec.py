"""TokenSpec and its parts: plain values that load no torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from token_specs import SCALES, SPECS

from zoo.errors import TokenError
from zoo.tokens.checks import show
from zoo.tokens.spec import ExtraSpec, Prefixes, TokenSpec


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


def test_numbers_in_messages():
    assert show([1, 2, 3, 4, 8, 9, 11]) == "1..4, 8, 9, 11"
    assert show([]) == ""


def test_an_extra_is_checked_alone():
    extra = ExtraSpec("gain", "int8", ("item",), -3, 8)
    assert extra.neutral == -3.0
    with pytest.raises(TokenError, match="neutral: 0.5 is no value of int8"):
        ExtraSpec("gain", "int8", ("item",), 0.5, 8)


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
