"""What BigCodec adds to the contract: upstream's extra frame, its activation."""

from functools import cache
from pathlib import Path

import pytest
import torch
from golden_bigcodec import config_of
from golden_case import GOLDEN, Case
from samples import sound

from zoo.loading import load_random
from zoo.models.bigcodec.keys import ORIGINAL
from zoo.models.bigcodec.model import build_model
from zoo.models.bigcodec.smooth_snake import SmoothSnake, low_pass
from zoo.models.bigcodec.tokenizer import BigCodec
from zoo.models.layers.over_time import Memory

CARD = Path(__file__).parent / "cards" / "test-bigcodec.md"


@cache
def tiny() -> BigCodec:
    tok = load_random(CARD)
    assert isinstance(tok, BigCodec)
    return tok


@pytest.mark.parametrize(("samples", "whole"), [(400, True), (401, False), (399, False)])
def test_whole_frames_get_one_more_unless_told(samples: int, whole: bool):
    tok = tiny()
    wave, rate = sound(samples, 8000, 0)
    usual, exact = tok.encode((wave, rate)), tok.encode((wave, rate), extra_frame=False)
    assert int(exact.lengths) == -(-samples // 40)
    assert int(usual.lengths) == int(exact.lengths) + whole
    padded = torch.nn.functional.pad(torch.from_numpy(wave), (0, 40 if whole else 0))
    as_padded = tok.encode((padded.numpy(), rate), extra_frame=False)
    assert torch.equal(as_padded.codes, usual.codes)
    assert tok.decode(usual).items[0].shape == tok.decode(exact).items[0].shape == (1, samples)


def test_the_filter_passes_half_of_the_band():
    taps = low_pass()
    assert taps.sum() == pytest.approx(1)
    assert torch.allclose(taps, taps.flip(0))
    response = torch.fft.rfft(taps, 240).abs()
    assert response[60] == pytest.approx(0.5, abs=0.01)  # a quarter of the rate
    assert float(response[110:].max()) < 0.01


def test_the_activation_of_a_slow_wave_is_snake():
    layer = SmoothSnake(1)
    torch.nn.init.constant_(layer.alpha, 0.5)
    torch.nn.init.constant_(layer.beta, -0.3)
    x = torch.sin(torch.arange(400) / 60)[None, None]
    expected = x + torch.sin(x * layer.alpha.exp()) ** 2 / layer.beta.exp()
    assert torch.allclose(layer(x), expected, atol=2e-3)


def test_in_place_steps_keep_gradients_right():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(SmoothSnake(3).double(), x)


@pytest.mark.parametrize("sizes", [(1, 0, 3, 700, 41, 0), (40, 40, 5000), (6389,), (2000, 4400)])
def test_steps_over_any_pieces_are_the_recorded_run(sizes: tuple[int, ...]) -> None:
    """Of the original: ids exact, whatever comes in which step."""
    case = Case(GOLDEN / "bigcodec" / "main")
    model = case.model(build_model, config_of(case), ORIGINAL)
    memory: Memory = {}
    left, found = case.io["audio_padded"], []
    with torch.inference_mode():
        for size in sizes:
            piece, left = left[..., :size], left[..., size:]
            found.append(model.encoder.step(piece, memory))
        found.append(model.encoder.step(left, memory, last=True))
        latents = torch.cat(found, dim=-1)
        assert torch.allclose(latents, case.io["features"], atol=5e-5)
        (codes,) = model.quantizer.ids(latents)
        assert torch.equal(codes[None], case.io["codes"])
        left, found, memory = case.io["quantized"], [], {}
        for size in (0, 1, 2, 9):
            piece, left = left[..., :size], left[..., size:]
            found.append(model.decoder.step(piece, memory))
        found.append(model.decoder.step(left, memory, last=True))
    assert torch.allclose(torch.cat(found, dim=-1), case.io["decoded"], atol=1e-4)
