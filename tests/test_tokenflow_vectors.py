"""TokenFlow's vectors: codes, the grid they add up to, what predicts the next scale."""

import pytest
import torch
import torch.nn.functional as F
from samples import images
from tokenflow_built import clip_tokenflow, without  # noqa: F401

import zoo
from zoo.errors import NotSupportedError
from zoo.models.tokenflow.tokenizer import TokenFlow


def test_vectors_of_mixed_items(tok: TokenFlow) -> None:
    full = tok.encode(images()[:2])
    mixed = zoo.Tokens.cat([full[0].prefix(2), full[1], tok.encode(images()[0], size=32)])
    counts = {
        "codes": [5, 57, 21],
        "grid": [36, 36, 16],
        "semantic": [36, 36, 16],
        "next_scale": [4 + 16, 56, 20],  # also what predicts the scale that comes next
    }
    for kind, expected in counts.items():
        found = tok.vectors(mixed, kind)
        assert found.mask.sum(1).tolist() == expected
        for row in range(3):
            alone = tok.vectors(mixed[row], kind).tensor[0]
            assert torch.allclose(found.tensor[row][found.mask[row]], alone, atol=1e-6)


def test_what_the_vectors_are(tok: TokenFlow) -> None:
    tokens = tok.encode(images()[0])
    codes = tok.vectors(tokens, "codes").tensor[0]
    assert torch.allclose(codes, tok.codebook()[tokens.codes[0, 0]])
    for part in codes.split([8, 4], dim=1):
        assert torch.allclose(part.norm(dim=1), torch.ones(57))
    maps, start = [], 0
    for side in (1, 2, 4, 6):
        maps.append(codes[start : start + side * side].T.reshape(1, 12, side, side))
        start += side * side
    grid = sum(F.interpolate(m, (6, 6), mode="bicubic") for m in maps)
    assert torch.allclose(tok.vectors(tokens, "grid").tensor, grid.flatten(2).mT, atol=1e-5)
    total, rows = maps[0], []
    for following in maps[1:]:
        total = F.interpolate(total, following.shape[-2:], mode="bicubic")
        rows.append(total.flatten(2).mT)
        total = total + following
    expected = torch.cat(rows, dim=1)
    assert torch.allclose(tok.vectors(tokens, "next_scale").tensor, expected, atol=1e-5)


def test_vectors_pass_gradients(tok: TokenFlow) -> None:
    own = without(tok)
    own.module.quantizer.semantic.requires_grad_(True)
    own.vectors(own.encode(images()[0]), "semantic").tensor.sum().backward()
    assert own.module.quantizer.semantic.grad is not None


def test_there_is_one_codebook(tok: TokenFlow) -> None:
    assert tok.codebook().shape == (512, 12)
    with pytest.raises(NotSupportedError, match="one slot"):
        tok.codebook(1)
