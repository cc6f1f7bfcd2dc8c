"""TokenFlow's objective for small machines: what learns, and codes that stay in use."""

from pathlib import Path

import pytest
import torch
from samples import picture
from torch import Tensor

from zoo.loading import load_random
from zoo.models.tokenflow.lean_objective import LeanObjective
from zoo.models.tokenflow.quantizer import DualQuantizer
from zoo.models.tokenflow.revival import Revival
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.files import save_teacher

CARD = Path(__file__).parent / "cards" / "test-tokenflow-siglip.md"


@pytest.fixture
def objective(tmp_path: Path) -> LeanObjective:
    tok = load_random(CARD)
    path = tmp_path / "teacher.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_teacher(Teacher(TeacherConfig(3, (8, 48), (1, 1))), path, {})
        options = {"teacher": str(path), "pixel_weight": 4.0, "semantic_weight": 0.5}
        options |= {"direct_weight": 0.5, "commitment": 0.25, "prefix_share": 0.0, "patience": 3}
        return LeanObjective(tok.module.requires_grad_(True), tok.config, options)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def batch() -> Tensor:
    tok = load_random(CARD)
    return torch.stack([tok.prepare(picture(50, 50, seed)).tensor for seed in range(4)])


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_everything_learns_but_the_teacher(objective: LeanObjective, batch: Tensor) -> None:
    losses = objective.train()(batch, random())
    assert set(losses) == {"loss", "pixel", "codebook", "commitment", "semantic", "direct"}
    losses["loss"].backward()
    for name, weight in objective.trained.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
    assert all(weight.grad is None for weight in objective.teacher.parameters())
    assert not objective.teacher.training


def test_a_few_steps_lower_the_loss(objective: LeanObjective, batch: Tensor) -> None:
    objective.train()
    optimizer = torch.optim.AdamW(objective.trained.parameters(), lr=1e-3)
    found = []
    for step in range(12):
        loss = objective(batch, random(step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.detach()))
    assert sum(found[-3:]) < 0.9 * sum(found[:3])


def test_some_steps_keep_the_first_scales_only(objective: LeanObjective) -> None:
    objective.prefix_share = 0.5
    kept = [objective._kept(random(seed)) for seed in range(200)]
    assert set(kept) == {(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)}
    assert 0.4 < sum(scales == (1, 2, 3, 4) for scales in kept) / len(kept) < 0.6


def test_figures_and_pictures_of_every_prefix(objective: LeanObjective, batch: Tensor) -> None:
    with torch.inference_mode():
        figures = objective.eval().validate(batch)
        rows = objective.pictures(batch)
    assert set(figures) == {f"psnr_{k}_scales" for k in (1, 2, 3, 4)} | {
        "used",
        "cosine_to_teacher",
    }
    assert 0 < figures["used"] <= 1
    assert [caption for _, caption in rows[0]] == [
        "original",
        *(f"{k} scales" for k in (1, 2, 3, 4)),
    ]
    assert all(
        0 <= float(image.min()) <= float(image.max()) <= 1 for row in rows for image, _ in row
    )


def test_idle_rows_are_put_where_vectors_are() -> None:
    torch.manual_seed(0)
    quantizer, revival = DualQuantizer(64, 4, 3), Revival(64, 2)
    features = torch.randn(2, 7, 4, 4)
    for _ in range(2):
        before = quantizer.table().detach().clone()
        steps = list(quantizer.steps(features, (4,)))
        chosen = steps[0].ids.unique()
        revival(quantizer, steps, random())
    after = quantizer.table().detach()
    idle = torch.ones(64, dtype=torch.bool)
    idle[chosen] = False
    assert idle.any()
    assert torch.equal(after[chosen], before[chosen])
    vectors = steps[0].normalized.detach().flatten(2).transpose(1, 2).flatten(0, 1)
    nearest = torch.cdist(after[idle], vectors).min(1).values
    assert float(nearest.max()) < 1e-3
    assert int(revival.idle.max()) == 0
