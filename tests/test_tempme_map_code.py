"""The code of source maps: exact for every legal map, small for maps with structure."""

from contextlib import suppress

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings

from zoo.errors import TokenError
from zoo.models.tempme.map_code import decode_map, encode_map, map_code_bits


def canonical(labels: torch.Tensor) -> torch.Tensor:
    """Labels renumbered by first appearance."""
    names: dict[int, int] = {}
    flat = [names.setdefault(int(label), len(names)) for label in labels.flatten()]
    return torch.tensor(flat, dtype=torch.int32).view(labels.shape)


@st.composite
def maps(draw: st.DrawFn) -> torch.Tensor:
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 5)))
    cells = shape[0] * shape[1] * shape[2]
    most = draw(st.integers(1, cells))
    labels = draw(st.lists(st.integers(0, most - 1), min_size=cells, max_size=cells))
    return canonical(torch.tensor(labels).view(shape))


@given(maps())
@settings(max_examples=60, deadline=None)
def test_every_legal_map_comes_back(source_map: torch.Tensor) -> None:
    code = encode_map(source_map)
    assert code == encode_map(source_map.clone())
    labels = int(source_map.max()) + 1
    assert torch.equal(decode_map(code, source_map.shape, labels), source_map)
    assert map_code_bits(source_map) == 8 * len(code)


def test_still_pictures_cost_almost_nothing() -> None:
    still = torch.arange(49, dtype=torch.int32).view(1, 7, 7).expand(12, 7, 7)
    assert map_code_bits(still) < 12 * 49 / 4
    everything_new = torch.arange(588, dtype=torch.int32).view(12, 7, 7)
    assert map_code_bits(everything_new) <= 32  # the number of labels says it all


def test_no_structure_costs_no_more_than_naming_each_label() -> None:
    random = torch.Generator().manual_seed(0)
    noise = canonical(torch.randint(64, (8, 8, 8), generator=random))
    assert map_code_bits(noise) < 1.1 * 512 * 6
    assert torch.equal(decode_map(encode_map(noise), noise.shape, int(noise.max()) + 1), noise)


@pytest.mark.parametrize(
    "bad", [torch.tensor([[[1, 0]]]), torch.tensor([[[0, 2]]]), torch.tensor([[[-1, 0]]])]
)
def test_labels_out_of_order_are_refused(bad: torch.Tensor) -> None:
    with pytest.raises(TokenError, match="not canonical"):
        encode_map(bad)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(TokenError, match="expected"):
        encode_map(torch.zeros(3, 4))
    with pytest.raises(TokenError, match="cannot hold"):
        decode_map(b"abc", (1, 2, 2), 2)
    with pytest.raises(TokenError, match="cannot hold"):
        decode_map(b"", (1, 2, 2), 5)


def test_damage_is_noticed() -> None:
    random = torch.Generator().manual_seed(1)
    source_map = canonical(torch.randint(30, (4, 6, 6), generator=random))
    code, labels = encode_map(source_map), int(source_map.max()) + 1
    for broken in (code[:-4], code + bytes(4), bytes([code[0] ^ 1]) + code[1:]):
        with suppress(TokenError):  # noticed, or at least another map
            assert not torch.equal(decode_map(broken, source_map.shape, labels), source_map)
    with pytest.raises(TokenError, match="map code"):
        decode_map(code[:-4], source_map.shape, labels)
