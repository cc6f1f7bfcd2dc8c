"""SEED's painter: loaded at the first decode, batched, seeded; a tiny random pipeline stands in."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from samples import picture
from seed_files import PAINTER, local

from zoo.errors import NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.models.seed.painter_files import load_painter
from zoo.tokenizer import Tokenizer

TINY = Path(__file__).parent / "cards" / "test-seed.md"
QUICK = {"steps": 2}


@pytest.fixture
def tok() -> Tokenizer:
    return load_random(TINY)


def test_it_is_loaded_at_the_first_decode_and_once(tok: Tokenizer) -> None:
    tokens = tok.encode([picture(40, 40, 1)] * 2)
    assert "_loaded_painter" not in tok.__dict__
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(tok.decode, tokens[i % 2], seed=i, **QUICK) for i in range(6)]
        results = [call.result() for call in calls]
    for i, found in enumerate(results):
        assert torch.equal(found.items[0], tok.decode(tokens[i % 2], seed=i, **QUICK).items[0])
    assert [name for name, _ in tok.module.named_children()] == ["encoder", "quantizer", "decoder"]


def test_the_result_is_the_librarys(tok: Tokenizer) -> None:
    """The stock pipeline with an image encoder of our embedding gives the same picture."""
    from diffusers.pipelines.stable_diffusion.pipeline_stable_unclip_img2img import (
        StableUnCLIPImg2ImgPipeline,
    )
    from transformers import CLIPTokenizer, CLIPVisionConfig, CLIPVisionModelWithProjection

    encoder = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            image_size=4,
            patch_size=2,
            projection_dim=16,
        )
    )  # the stock pipeline asks it for its dtype and for nothing else
    painter = load_painter(local(PAINTER))
    stock = StableUnCLIPImg2ImgPipeline(
        feature_extractor=None,  # type: ignore[arg-type]
        image_encoder=encoder,
        tokenizer=CLIPTokenizer.from_pretrained(PAINTER / "tokenizer"),
        **painter.parts,
    )
    stock.set_progress_bar_config(disable=True)
    tokens = tok.encode(picture(40, 40, 1))
    latents = torch.randn(1, *painter.latent_shape, generator=torch.manual_seed(7))
    random = torch.Generator().manual_seed(9)
    expected = stock(
        prompt="",
        image_embeds=tok.vectors(tokens).tensor[:, 0].detach(),
        latents=latents,
        generator=random,
        noise_level=30,
        guidance_scale=3.0,
        num_inference_steps=3,
        output_type="pt",
    ).images
    again = torch.randn(1, 16, generator=torch.Generator().manual_seed(9))
    labels = painter.labels(tok.vectors(tokens).tensor[:, 0].detach(), again, 30)
    with torch.no_grad():
        found = painter.paint(painter.guided(labels, None), latents, steps=3, scale=3.0)
    assert torch.allclose(found, expected, atol=1e-5)


def test_options_change_the_picture_and_seeds_decide_it(tok: Tokenizer) -> None:
    tokens = tok.encode([picture(40, 40, 1), picture(61, 83, 0), picture(90, 50, 2)])
    other = tok.encode(picture(61, 83, 3))
    base = tok.decode(tokens, seed=[1, 2, 3], native=True, **QUICK).tensor
    assert base.shape == (3, 3, 32, 32)
    for change in (
        {"noise_level": 500},
        {"guidance_scale": 2.0},
        {"guidance_scale": 1.0},
        {"negative": other},
        {"steps": 3},
    ):
        chosen = {**QUICK, **change}
        changed = tok.decode(tokens, seed=[1, 2, 3], native=True, **chosen).tensor
        assert not torch.allclose(changed, base, atol=1e-4), change
        alone = tok.decode(tokens[1], seed=2, native=True, **chosen).tensor
        assert torch.allclose(changed[1:2], alone, atol=1e-4), change


def test_given_noise_is_where_painting_starts(tok: Tokenizer) -> None:
    tokens = tok.encode(picture(40, 40, 1))
    noise = torch.randn(1, 4, 4, 4, generator=torch.manual_seed(0))
    first, second = (tok.decode(tokens, noise=noise, **QUICK).items[0] for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, tok.decode(tokens, noise=-noise, **QUICK).items[0])
    with pytest.raises(NotSupportedError, match=r"\[1, 3, 4, 4\]"):
        tok.decode(tokens, noise=noise[:, :3], **QUICK)


def test_what_to_avoid_is_checked(tok: Tokenizer) -> None:
    tokens = tok.encode([picture(40, 40, 1)] * 2)
    with pytest.raises(NotSupportedError, match="guidance_scale above 1"):
        tok.decode(tokens, negative=tokens[0], guidance_scale=1.0, **QUICK)
    with pytest.raises(TokenError, match="2 items"):
        tok.decode(tokens, negative=tokens, **QUICK)
    with pytest.raises(TokenError, match="code space"):
        tok.decode(tokens, negative=tokens[0].replace(space="other:0123456789ab"), **QUICK)
    with pytest.raises(NotSupportedError, match="negative="):
        tok.decode(tokens, negative=[1, 2], **QUICK)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_weights_paint_nearly_the_same(tok: Tokenizer, dtype: torch.dtype) -> None:
    tokens = tok.encode(picture(40, 40, 1))
    expected = tok.decode(tokens, **QUICK).items[0]
    found = tok.to(dtype=dtype).decode(tokens, **QUICK).items[0]
    assert found.dtype == torch.float32
    assert (found - expected).abs().mean() < 0.05
