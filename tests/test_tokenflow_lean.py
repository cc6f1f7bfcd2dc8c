"""TokenFlow's objectives for small machines: what learns, closed-form starts, codes in use."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from short_training import killed_goes_on_to_the_same_weights, short_stage
from tokenflow_lean import CONFIG, CONV, OPTIONS, SIDE, model, pictures, random
from torch import Tensor

from zoo.errors import CardError
from zoo.models.tokenflow.follower import Follower, vectors
from zoo.models.tokenflow.lean_objective import LeanObjective
from zoo.models.tokenflow.lean_pictures import log_error
from zoo.models.tokenflow.model import build_model
from zoo.models.tokenflow.pixel_range import psnr, to_model
from zoo.models.tokenflow.quantizer import DualQuantizer
from zoo.models.tokenflow.tower_objective import TowerObjective, grid_cosine
from zoo.train.data import ItemBank
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.files import save_teacher


@pytest.fixture(scope="module")
def batch() -> Tensor:
    return pictures()


@pytest.fixture
def teacher(tmp_path: Path) -> str:
    path = tmp_path / "teacher.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_teacher(Teacher(TeacherConfig(3, (8, 24), (1, 1))), path, {})
    return str(path)


@pytest.fixture
def objective(teacher: str) -> LeanObjective:
    return LeanObjective(model(), CONFIG, {**OPTIONS, "teacher": teacher})


def test_the_tower_learns_the_teachers_features(teacher: str, batch: Tensor) -> None:
    network = model()
    objective = TowerObjective(network, CONFIG, {"teacher": teacher, "crop_area": 0.5})
    optimizer = torch.optim.AdamW(objective.trained.parameters(), lr=2e-3)
    before = objective.eval().validate(batch)
    for step in range(20):
        loss = objective.train()(batch, random(step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = objective.eval().validate(batch)
    assert set(after) == {"cosine", "shuffled_cosine"}
    assert after["cosine"] > before["cosine"] + 0.2
    assert after["cosine"] > after["shuffled_cosine"]
    assert all(weight.grad is None for weight in objective.teacher.parameters())
    assert network.pixel_encoder.to_codes.weight.grad is None


def test_a_teacher_of_another_width_is_refused(teacher: str) -> None:
    wide = replace(CONFIG, semantic_decoder=replace(CONFIG.semantic_decoder, out=7))
    with pytest.raises(CardError, match="they must agree"):
        TowerObjective(build_model(wide), wide, {"teacher": teacher, "crop_area": 0.5})


def test_cells_are_compared_with_the_teachers_cell() -> None:
    wanted = torch.randn(2, 5, 2, 2, generator=random())
    features = wanted.repeat_interleave(3, 2).repeat_interleave(3, 3).flatten(2).mT
    assert torch.allclose(grid_cosine(features, wanted), torch.ones(2, 2, 2))
    assert (grid_cosine(features.flip(1), wanted) < 0.999).any()


def test_the_start_codes_patches(objective: LeanObjective, batch: Tensor) -> None:
    network = objective.eval().model
    with torch.inference_mode():
        before = objective.validate(batch)
        objective.begin(batch)
        after = objective.validate(batch)
        codes = network.pixel_encoder(to_model(batch), 8)
        unquantised = network.pixel_decoder(codes)
    assert after["psnr_3_scales"] > before["psnr_3_scales"] + 6
    assert after["psnr_3_scales"] > after["psnr_2_scales"] > after["psnr_1_scales"]
    # The constant is one per scale; the rest is small beside it, and tells the patch but for
    # what lies beyond the first components.
    assert torch.equal(codes[:, 0], torch.full_like(codes[:, 0], 3))
    assert float(codes[:, 1:].square().sum(1).mean().sqrt()) < 0.5
    assert float(psnr(unquantised, batch).mean()) > 30


def test_the_start_tells_the_teachers_features(objective: LeanObjective, batch: Tensor) -> None:
    """The semantic half begins as the teacher's first components, at the tilt asked for."""
    objective.begin(batch)
    with torch.inference_mode():
        codes = objective.model.semantic_encoder(to_model(batch))
        grid = objective.teacher.grid(batch.float() / 255)
    said = torch.nn.functional.adaptive_avg_pool2d(codes[:, 1:], grid.shape[-2:])
    said, told = (x.permute(0, 2, 3, 1).flatten(0, 2) for x in (said, grid))
    first = torch.linalg.svd(told - told.mean(0), full_matrices=False)[2][0]
    pair = torch.stack([said[:, 0] - said[:, 0].mean(), (told - told.mean(0)) @ first])
    assert abs(float(torch.corrcoef(pair)[0, 1])) > 0.5
    tilts = (codes[:, 1:] - codes[:, 1:].mean((0, 2, 3), keepdim=True)).square().sum(1).mean()
    assert float(tilts.sqrt()) == pytest.approx(0.05, rel=0.1)


def test_the_pixel_loss_is_mean_psnr_up_to_scale(batch: Tensor) -> None:
    """A picture that is hard weighs no more than one that is easy."""
    images = to_model(batch)
    scale = torch.linspace(0.05, 0.5, len(batch))[:, None, None, None]
    decoded = images + scale * torch.randn(images.shape, generator=random())
    for factor in (1.0, 0.5):
        off = images + factor * (decoded - images)
        error = (off - images).square().flatten(1).mean(1)
        wanted = (error / 4).log10().mean() * math.log(10) + math.log(4)
        assert log_error(off, images) == pytest.approx(float(wanted), abs=0.04)
    halved = torch.cat([images[:1] + (decoded - images)[:1] / 2, decoded[1:]])
    others = torch.cat([decoded[:-1], images[-1:] + (decoded - images)[-1:] / 2])
    assert log_error(halved, images) == pytest.approx(float(log_error(others, images)), abs=0.02)
    assert torch.isfinite(log_error(images, images))


def test_everything_learns_but_what_was_taught_and_the_codebook(
    objective: LeanObjective, batch: Tensor
) -> None:
    objective.train().begin(batch)
    before = objective.model.quantizer.table().clone()
    losses = objective(batch, random())
    assert set(losses) == {"loss", "pixel", "commitment", "semantic"}
    losses["loss"].backward()
    network = objective.model
    parts = (network.semantic_encoder, network.pixel_encoder.linear, network.quantizer)
    still = {id(weight) for part in parts for weight in part.parameters()}
    for name, weight in network.named_parameters():
        assert (weight.grad is None) == (id(weight) in still), name
        assert weight.grad is None or weight.grad.isfinite().all(), name
    assert all(weight.grad is None for weight in objective.teacher.parameters())
    assert not objective.teacher.training
    assert not torch.equal(objective.model.quantizer.table(), before)  # it follows instead


def test_steps_improve_on_the_start(objective: LeanObjective, batch: Tensor) -> None:
    objective.begin(batch)
    with torch.inference_mode():
        before = objective.eval().validate(batch)
    moving = [weight for weight in objective.trained.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(moving)
    for step in range(40):
        optimizer.param_groups[0]["lr"] = 1e-3 * min(1.0, (step + 1) / 20)
        loss = objective.train()(batch, random(step))["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        after = objective.eval().validate(batch)
    assert after["psnr_3_scales"] > before["psnr_3_scales"] + 0.5
    assert after["cosine_to_teacher"] > before["cosine_to_teacher"] + 0.3


def test_a_killed_run_goes_on_to_the_same_weights(
    teacher: str, batch: Tensor, tmp_path: Path
) -> None:
    """The averages that the codebook follows go on as well."""

    def make() -> LeanObjective:
        return LeanObjective(model(), CONFIG, {**OPTIONS, "teacher": teacher, "rounds": 3})

    items = ItemBank(batch.numpy())
    whole, _ = killed_goes_on_to_the_same_weights(make, items, short_stage("lean", {}), tmp_path)
    assert {"follower.counts", "follower.sums"} <= set(whole.trained.state_dict())


def test_some_steps_keep_the_first_scales_only(objective: LeanObjective) -> None:
    objective.prefix_share = 0.5
    kept = [objective.kept(random(seed)) for seed in range(200)]
    assert set(kept) == {(1,), (1, 2), (1, 2, 8)}
    assert 0.4 < sum(scales == (1, 2, 8) for scales in kept) / len(kept) < 0.6


def test_the_codebook_follows_whole_sets_of_scales(objective: LeanObjective, batch: Tensor) -> None:
    """The few vectors of a prefix would draw idle rows to the coarse scales."""
    objective.train().begin(batch)
    before = objective.model.quantizer.table().clone()
    objective.prefix_share = 1.0
    objective(batch, random())
    assert torch.equal(objective.model.quantizer.table(), before)


def test_figures_and_pictures_of_every_prefix(objective: LeanObjective, batch: Tensor) -> None:
    with torch.inference_mode():
        figures = objective.eval().validate(batch)
        rows = objective.pictures(batch)
    assert set(figures) == {f"psnr_{k}_scales" for k in (1, 2, 3)} | {"used", "cosine_to_teacher"}
    assert 0 < figures["used"] <= 1
    captions = [caption for _, caption in rows[0]]
    assert captions == ["original", *(f"{k} scales" for k in (1, 2, 3))]
    for image in (image for row in rows for image, _ in row):
        assert 0 <= float(image.min()) <= float(image.max()) <= 1


def test_rows_follow_what_chose_them_and_none_stays_idle() -> None:
    torch.manual_seed(0)
    quantizer = DualQuantizer(64, 4, 3)
    follower = Follower(quantizer, decay=0.0, least=0.01)
    steps = list(quantizer.steps(torch.randn(2, 7, 4, 4, generator=random()), (2, 4)))
    ids = torch.cat([step.ids.flatten() for step in steps])
    found = vectors(steps)
    assert len(found) == len(ids) == 2 * (4 + 16)
    follower(quantizer, steps, random())
    rows = torch.cat([quantizer.semantic, quantizer.pixel], dim=1).detach()
    for row in range(64):
        if (ids == row).any():
            assert torch.allclose(rows[row], found[ids == row].mean(0), atol=1e-6)
        else:  # it was put onto one of the vectors
            assert float((found - rows[row]).norm(dim=1).min()) < 1e-6
    assert len(ids.unique()) < 40
    again = torch.cat([s.ids.flatten() for s in quantizer.steps(torch.randn(8, 7, 4, 4), (2, 4))])
    assert len(again.unique()) > len(ids.unique())


def test_folded_pixels_and_linear_maps_decode_to_the_pictures_size() -> None:
    """Two levels above a fold of two are as many pixels per cell as one level above four."""
    for conv in (CONV, replace(CONV, channels=(8, 16), fold=2, share=None)):
        assert conv.factor == 4
        network = build_model(replace(CONFIG, pixel_encoder=conv, pixel_decoder=conv)).eval()
        with torch.inference_mode():
            codes = network.pixel_encoder(torch.randn(1, 3, SIDE, SIDE), 8)
            decoded = network.pixel_decoder(codes)
        assert codes.shape == (1, 12, 8, 8)
        assert decoded.shape == (1, 3, SIDE, SIDE)
