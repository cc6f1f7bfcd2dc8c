"""TokenFlow's objectives; the losses' numbers are held by the golden cases."""

from typing import Any

import pytest
import torch
from samples import picture
from tokenflow_built import tiny
from torch import Tensor, nn

from zoo.errors import CardError
from zoo.loading import build_module
from zoo.models.tokenflow.lean_decoder import LeanDecoderObjective
from zoo.models.tokenflow.lean_objective import LeanObjective
from zoo.models.tokenflow.losses import drop_scale
from zoo.models.tokenflow.objective import OBJECTIVES, DecoderObjective, JointObjective
from zoo.models.tokenflow.pixel_range import to_model
from zoo.models.tokenflow.tokenizer import TokenFlow
from zoo.models.tokenflow.tower_objective import TowerObjective

OPTIONS: dict[str, Any] = {
    "pixel_weight": 1.0,
    "perceptual_weight": 0.0,
    "adversarial_weight": 0.0,
    "semantic_weight": 1.0,
    "commitment": 0.25,
    "entropy_weight": 0.0,
    "drop_share": 0.1,
}


@pytest.fixture(scope="module")
def tok() -> TokenFlow:
    return tiny("test-tokenflow-siglip")


@pytest.fixture
def model(tok: TokenFlow) -> Any:
    module = build_module(TokenFlow, tok.config)
    module.load_state_dict(tok.module.state_dict())
    return module.requires_grad_(True)


@pytest.fixture(scope="module")
def batch(tok: TokenFlow) -> Tensor:
    return torch.stack([tok.prepare(picture(50, 50, seed)).tensor for seed in range(4)])


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Perceptual(nn.Module):
    """Stands for LPIPS: a frozen network that compares two pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Conv2d(3, 4, 3, stride=2)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return (self.network(a) - self.network(b)).square().mean((1, 2, 3))


# scales


def test_the_first_scale_is_never_left_out() -> None:
    scales = (1, 2, 4, 6)
    draws = [drop_scale(scales, 1.0, random(seed)) for seed in range(40)]
    assert set(draws) == {(1, 4, 6), (1, 2, 6), (1, 2, 4)}
    assert [drop_scale(scales, 1.0, random(seed)) for seed in range(40)] == draws
    assert all(drop_scale(scales, 0.0, random(seed)) == scales for seed in range(40))
    kept = sum(drop_scale(scales, 0.1, random(seed)) == scales for seed in range(400))
    assert 340 <= kept <= 380


# everything together


def test_the_loss_falls_on_a_handful_of_images(tok: TokenFlow, model: Any, batch: Tensor) -> None:
    torch.manual_seed(0)
    objective = JointObjective(model, tok.config, OPTIONS).train()
    parameters = list(objective.trained.parameters())
    optimizer = torch.optim.Adam(parameters, 1e-3)
    losses = []
    for step in range(25):
        found = objective(batch, random(step))
        optimizer.zero_grad()
        found["loss"].backward()
        optimizer.step()
        losses.append({name: float(value.detach()) for name, value in found.items()})
    assert set(losses[0]) == {"loss", "pixel", "codebook", "commitment", "semantic"}
    for name in ("loss", "pixel", "semantic"):
        assert losses[-1][name] < 0.8 * losses[0][name], name
    objective.eval()
    with torch.inference_mode():
        figures = objective.validate(batch)
        assert figures["psnr"] > 5
        assert 0 < figures["used"] <= 1
        assert len(objective.pictures(batch)) == len(batch)


def test_every_part_learns_and_the_teacher_does_not(
    tok: TokenFlow, model: Any, batch: Tensor
) -> None:
    options = {**OPTIONS, "perceptual_weight": 1.0, "adversarial_weight": 0.5}
    options |= {"entropy_weight": 0.1, "drop_share": 0.0}
    perceptual = Perceptual()
    objective = JointObjective(model, tok.config, options, perceptual=perceptual).train()
    found = objective(batch, random())
    extra = {"perceptual", "generator", "discriminator", "entropy"}
    assert extra < set(found)
    found["loss"].backward()
    for name, parameter in objective.trained.named_parameters():
        assert parameter.grad is not None, name
    for frozen in (objective.teacher, perceptual):
        assert isinstance(frozen, nn.Module)
        assert all(parameter.grad is None for parameter in frozen.parameters())
        assert not frozen.training


def test_generator_and_discriminator_keep_to_their_own_term(
    tok: TokenFlow, model: Any, batch: Tensor
) -> None:
    options = {**OPTIONS, "adversarial_weight": 1.0, "drop_share": 0.0}
    objective = JointObjective(model, tok.config, options).train()
    judge = objective.judges.discriminator
    assert judge is not None
    images = to_model(batch)
    decoded = torch.zeros_like(images, requires_grad=True)
    terms = objective.judges(decoded, images)
    terms["generator"].backward(retain_graph=True)
    assert decoded.grad is not None
    assert all(parameter.grad is None for parameter in judge.parameters())
    decoded.grad = None
    terms["discriminator"].backward()
    assert decoded.grad is None
    assert all(parameter.grad is not None for parameter in judge.parameters())


# the decoder alone


def test_training_the_decoder_leaves_ids_alone(tok: TokenFlow, model: Any, batch: Tensor) -> None:
    objective = DecoderObjective(model, tok.config, OPTIONS).train()
    moved = {name for name, p in model.named_parameters() if p.requires_grad}
    assert moved
    assert all(name.startswith("pixel_decoder.network.") for name in moved)
    found = objective(batch, random())
    assert set(found) == {"loss", "pixel"}
    found["loss"].backward()
    assert {name for name, p in model.named_parameters() if p.grad is not None} == moved


# what must be given


def test_a_perceptual_weight_needs_its_network(tok: TokenFlow, model: Any) -> None:
    with pytest.raises(CardError, match="perceptual=lpips"):
        JointObjective(model, tok.config, {**OPTIONS, "perceptual_weight": 1.0})


def test_clips_teacher_has_to_be_given(batch: Tensor) -> None:
    clip = tiny("test-tokenflow")
    with pytest.raises(CardError, match="teacher"):
        JointObjective(clip.module, clip.config, OPTIONS)
    JointObjective(clip.module, clip.config, {**OPTIONS, "semantic_weight": 0.0})


def test_the_loop_finds_the_objectives() -> None:
    large = {"joint": JointObjective, "decoder": DecoderObjective}
    small = {"tower": TowerObjective, "lean": LeanObjective, "lean_decoder": LeanDecoderObjective}
    assert large | small == OBJECTIVES
