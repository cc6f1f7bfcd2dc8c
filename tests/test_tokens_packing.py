"""Packing ids into bits: their order, by hand, and what is refused."""

import numpy as np
import pytest
import torch

from zoo.errors import TokenError
from zoo.tokens import pack_codes, unpack_codes


def test_bit_order():
    packed = pack_codes(torch.tensor([[[5, 2], [1, 3]]]), (8, 4))
    assert packed.tolist() == [[0b10101_010, 0b11_000000]]
    assert unpack_codes(packed, (8, 4), 2).tolist() == [[[5, 2], [1, 3]]]


def test_one_id_needs_no_bits():
    codes = torch.zeros(2, 1, 5, dtype=torch.int64)
    packed = pack_codes(codes, (1,))
    assert packed.shape == (2, 0)
    assert torch.equal(unpack_codes(packed, (1,), 5), codes)


def test_wrong_packing():
    with pytest.raises(TokenError, match="8 at item, slot, position .0, 0, 1."):
        pack_codes(torch.tensor([[[0, 8]]]), (8,))
    with pytest.raises(TokenError, match="-1 at"):
        pack_codes(torch.tensor([[[0, -1]]]), (8,))
    with pytest.raises(TokenError, match="2 slots for 1 vocabularies"):
        pack_codes(torch.zeros(1, 2, 1).long(), (8,))
    packed = pack_codes(torch.tensor([[[0, 4, 1]]]), (5,))
    with pytest.raises(TokenError, match="2 bytes .* 2 positions of 1 slots are 1 bytes"):
        unpack_codes(packed, (5,), 2)
    with pytest.raises(TokenError, match="uint8"):
        unpack_codes(packed.long(), (5,), 3)
    with pytest.raises(TokenError, match="behind the last id"):
        unpack_codes(packed | torch.tensor([0, 1], dtype=torch.uint8), (5,), 3)
    with pytest.raises(TokenError, match="7 at item, slot, position .0, 0, 0."):
        unpack_codes(packed | torch.tensor([0b11100000, 0], dtype=torch.uint8), (5,), 3)


def test_packing_agrees_with_plain_text():
    rng = np.random.default_rng(0)
    sizes = (3, 1, 1000, 2**31)
    codes = np.stack([rng.integers(0, size, (2, 5)) for size in sizes], 1)
    for item, row in zip(codes, pack_codes(torch.from_numpy(codes), sizes), strict=True):
        text = "".join(
            f"{item[s, p]:0{width}b}" if width else ""
            for p in range(5)
            for s, width in enumerate((2, 0, 10, 31))
        )
        text += "0" * (-len(text) % 8)
        assert [f"{byte:08b}" for byte in row.tolist()] == [
            text[i : i + 8] for i in range(0, len(text), 8)
        ]
