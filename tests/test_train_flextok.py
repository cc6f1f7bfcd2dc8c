"""FlexTok's objectives: gradients everywhere, times, figures, latents of one scale."""

import pytest
import torch
from train_items import CARD, eight_pictures  # noqa: F401

from zoo.loading import load_random
from zoo.models.flextok.objective import AutoencoderObjective, mean_psnr, sample_times, to_model
from zoo.models.flextok.rescale import rescale_latents
from zoo.train.data import ItemBank


def test_rescaling_latents_changes_no_pixel(items: ItemBank) -> None:
    tok = load_random(CARD)
    images = to_model(items[torch.arange(8)])
    with torch.inference_mode():
        before = tok.module.vae.decode(tok.module.vae.encode(images))
    rescale_latents(tok.module.vae, images)
    with torch.inference_mode():
        latents = tok.module.vae.encode(images)
        after = tok.module.vae.decode(latents)
    assert torch.allclose(before, after, atol=1e-4)
    assert latents.square().mean().sqrt() == pytest.approx(1 / tok.config.scaling_factor, rel=1e-3)
    assert latents.mean((0, 2, 3)).abs().max() < 1e-3


def test_the_autoencoder_objective_has_gradients_everywhere(items: ItemBank) -> None:
    tok = load_random(CARD)
    tok.module.requires_grad_(True)
    objective = AutoencoderObjective(tok.module, tok.config, {"kl_weight": 1e-4})
    for module in objective.model.vae.modules():
        if type(module).__name__ == "ResnetBlock2D":  # silent at birth: give them a voice
            torch.nn.init.normal_(module.conv2.weight, std=0.1)
    objective(items[torch.arange(4)], torch.Generator().manual_seed(0))["loss"].backward()
    for name, parameter in objective.trained.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_times_are_uniform_or_bent() -> None:
    random = torch.Generator().manual_seed(0)
    plain = sample_times(20000, 0.0, random)
    assert plain.mean() == pytest.approx(0.5, abs=0.02)
    bent = sample_times(20000, 0.8, random)
    assert float(bent.min()) >= 0
    assert float(bent.max()) <= 1
    assert bent.std() < plain.std()


def test_psnr_is_the_mean_over_items() -> None:
    images = torch.full((2, 3, 4, 4), 128, dtype=torch.uint8)
    off = to_model(images) + torch.tensor([0.2, 0.02])[:, None, None, None]
    assert mean_psnr(off, images) == pytest.approx((20 + 40) / 2, abs=1e-3)
