"""What DAC adds to the contract: the samples that its decoder loses."""

from functools import cache
from pathlib import Path

import pytest
import torch
from samples import sound

from zoo.loading import load_random
from zoo.models.dac.tokenizer import Dac

CARD = Path(__file__).parent / "cards" / "test-dac.md"


@cache
def tiny() -> Dac:
    tok = load_random(CARD)
    assert isinstance(tok, Dac)
    return tok


@pytest.mark.parametrize("samples", [1, 39, 40, 41, 399, 400])
def test_any_length_comes_back(samples: int):
    tok = tiny()
    tokens = tok.encode(sound(samples, 8000, 0))
    frames = -(-samples // 40)
    assert int(tokens.lengths) == frames
    native = tok.decode(tokens, native=True).items[0]
    assert native.shape == (1, 40 * frames - 8)  # the stride of 5 loses a sample, 8 in the end
    decoded = tok.decode(tokens).items[0]
    assert decoded.shape == (1, samples)
    kept = min(samples, native.shape[1])
    assert torch.equal(decoded[:, :kept], native[:, :kept])
    assert not bool(decoded[:, kept:].any())


def test_encoder_and_decoder_agree_on_where_a_frame_lies():
    """Both edges of an odd stride lie alike, so what is lost is lost at the end."""
    down = torch.nn.Conv1d(1, 1, 10, 5, padding=3, bias=False)
    up = torch.nn.ConvTranspose1d(1, 1, 10, 5, padding=3, bias=False)
    for layer in (down, up):
        torch.nn.init.ones_(layer.weight)
    seen = torch.zeros(1, 1, 20, requires_grad=True)
    down(seen)[0, 0, 1].backward()
    one = torch.zeros(1, 1, 4)
    one[0, 0, 1] = 1
    assert seen.grad is not None
    assert (
        up(one)[0, 0].nonzero().flatten().tolist() == seen.grad[0, 0].nonzero().flatten().tolist()
    )


def test_vectors_add_up_to_what_the_decoder_takes():
    tok = tiny()
    tokens = tok.encode(sound(400, 8000, 0))
    latents = tok.vectors(tokens.prefix(3)).tensor.transpose(1, 2)
    expected = tok.module.quantizer.from_codes(tokens.codes[:, :3])[0]
    assert torch.allclose(latents, expected, atol=1e-6)
    assert tok.vectors(tokens, "codes").tensor.shape == (1, 10, 4 * 8)
    assert tok.codebook(2).shape == (32, 8)
