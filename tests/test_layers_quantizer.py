"""Residual quantisation and the inverse Fourier head."""

import pytest
import torch
from torch.nn import functional as F

from zoo.models.layers.istft import LOUDEST, IstftHead
from zoo.models.layers.residual_vq import EuclideanLevel, FactorisedLevel, ResidualQuantizer


def test_the_nearest_codeword_is_found():
    torch.manual_seed(0)
    level = EuclideanLevel(6, 40)
    latents = torch.randn(3, 6, 9)
    exact = torch.cdist(latents.transpose(1, 2).double(), level.codebook.weight.double()[None])
    assert torch.equal(level.ids(latents), exact.argmin(-1))
    assert torch.equal(level.vectors(torch.tensor([[3, -1]]))[0, :, 0], level.codebook.weight[3])


def test_the_nearest_direction_is_found_and_the_codeword_keeps_its_length():
    torch.manual_seed(0)
    level = FactorisedLevel(6, 40, 4)
    latents = torch.randn(3, 6, 9)
    inner = level.in_proj(latents).transpose(1, 2)
    angles = F.cosine_similarity(inner[:, :, None], level.codebook.weight, dim=-1)
    assert torch.equal(level.ids(latents), angles.argmax(-1))
    row = F.linear(level.codebook.weight[3], level.out_proj.weight[..., 0], level.out_proj.bias)
    assert torch.allclose(level.vectors(torch.tensor([[3]]))[0, :, 0], row, atol=1e-6)


@pytest.mark.parametrize("kind", [EuclideanLevel, FactorisedLevel])
def test_each_level_takes_what_is_left(kind):
    torch.manual_seed(0)
    arguments = (6, 16) if kind is EuclideanLevel else (6, 16, 4)
    quantizer = ResidualQuantizer([kind(*arguments) for _ in range(3)])
    latents = torch.randn(2, 6, 5)
    ids = quantizer.ids(latents)
    left = latents
    for level, found in zip(quantizer.levels, ids, strict=True):
        assert torch.equal(level.ids(left), found)
        left = left - level.vectors(found)
    assert torch.allclose(quantizer.vectors(ids), latents - left, atol=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(quantizer.ids(latents, 2), ids[:2], strict=True))
    nothing = torch.full((2, 5), -1)
    assert torch.equal(quantizer.vectors([*ids[:2], nothing]), quantizer.vectors(ids[:2]))


def spectra(head: IstftHead, frames: torch.Tensor) -> torch.Tensor:
    """[item, bin, frame]"""
    magnitude, phase = head.out(frames).transpose(1, 2).chunk(2, dim=1)
    return magnitude.exp().clamp(max=LOUDEST) * torch.exp(1j * phase)


def test_the_head_is_the_inverse_transform():
    torch.manual_seed(0)
    head, frames = IstftHead(5, 32, 8), torch.randn(2, 11, 5)
    sound = head(frames)
    assert sound.shape == (2, 1, 88)
    expected = torch.istft(
        spectra(head, frames), 32, 8, window=head.window, center=True, length=80
    )  # which cuts half a window, not (window - hop) / 2
    assert torch.allclose(sound[:, 0, 4:84], expected, atol=1e-5)


def test_the_head_keeps_items_apart():
    torch.manual_seed(0)
    head, frames, lengths = IstftHead(5, 32, 8), torch.randn(4, 11, 5), (11, 1, 3, 10)
    together = head(frames, torch.tensor(lengths))
    for item, length, row in zip(together, lengths, frames, strict=True):
        one = head(row[None, :length])
        assert one.shape == (1, 1, 8 * length)
        assert torch.allclose(item[:, : 8 * length], one[0], atol=1e-5)
        assert not item[:, 8 * length + 12 :].any()


def test_an_odd_rest_is_refused():
    with pytest.raises(ValueError, match="even"):
        IstftHead(4, 32, 7)
