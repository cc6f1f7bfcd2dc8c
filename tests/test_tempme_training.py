"""TempMe's objectives: merges learn to lose little, and zoo train ends in a folder that loads."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from samples import video
from short_training import use_recipe
from video_files import encoded

import zoo
from zoo.loading import load_random
from zoo.models.tempme.appearance import to_patches
from zoo.models.tempme.appearance_objective import AppearanceObjective
from zoo.models.tempme.matching_loss import matching_losses, ranking
from zoo.models.tempme.matching_objective import MatchingObjective
from zoo.train import run
from zoo.train.recipe import Recipe, Stage

CARD = Path(__file__).parent / "cards" / "test-tempme-pixels.md"
OPTIONS = {"speeds": [0.8, 1.2], "mean": 0.5, "std": 0.25}
MATCHING = Stage(
    name="matching",
    objective="matching",
    steps=3,
    batch_size=2,
    learning_rate=1e-3,
    warmup=1,
    cooldown=1,
    ema=0.5,
    precision="no",
    validate_every=3,
    checkpoint_every=3,
    options=OPTIONS | {"temperature": 0.05},
)
LOOKS = {"commitment": 0.25, "cut_share": 0.5, "start_windows": 12}
APPEARANCE = replace(MATCHING, name="appearance", objective="appearance", options=OPTIONS | LOOKS)


def windows(count: int = 4) -> torch.Tensor:
    return torch.stack([video(4, 24, 24, seed) for seed in range(count)])


def test_similar_costs_are_wanted_similar_similarities() -> None:
    content = torch.tensor([[[0.0], [0.1], [5.0], [9.0]]])  # movers 0 and 2, targets 1 and 3
    source = torch.arange(4)[None]
    good = torch.tensor([[[1.0, 0.0], [1.0, 0.1], [-1.0, 0.2], [0.0, 1.0]]])
    bad = good[:, [0, 3, 2, 1]]
    losses = [float(ranking(metric, source, content, 0, 1, 0.1)) for metric in (good, bad)]
    assert losses[0] < 0.5 < losses[1]


def test_every_merge_has_a_loss_that_training_lowers() -> None:
    tok = load_random(CARD)
    tok.module.requires_grad_(True)
    objective = MatchingObjective(tok.module, tok.config, MATCHING.options)
    batch, random = windows(), torch.Generator().manual_seed(0)
    frames = batch.float() / 255
    losses = matching_losses(
        tok.module.encoder, objective.normalized(frames), to_patches(frames, 4), 0.05
    )
    assert len(losses) == 5  # one merge inside each block, two across
    optimizer = torch.optim.AdamW(objective.trained.parameters(), lr=2e-3)
    values = []
    for _ in range(25):
        loss = objective(batch, random)["loss"]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        values.append(loss.item())
    assert values[-1] < 0.9 * values[0]


def test_the_appearance_objective_leaves_the_trunk_alone() -> None:
    tok = load_random(CARD)
    tok.module.requires_grad_(True)
    objective = AppearanceObjective(tok.module, tok.config, APPEARANCE.options)
    random = torch.Generator().manual_seed(0)
    losses = objective(windows(), random)
    assert set(losses) == {"loss", "error", "codebook"}
    losses["loss"].backward()
    assert all(parameter.grad is None for parameter in tok.module.encoder.parameters())
    assert objective.trained.codebook.table.grad is not None
    ids = torch.zeros(200, 2, 3, dtype=torch.long)
    kept = (objective._cut(ids, random) >= 0).all(1).sum(1)
    assert 100 <= int((kept == 3).sum()) < 160  # half by choice, and a third of the others
    assert set(kept.tolist()) == {1, 2, 3}


def test_zoo_train_ends_in_a_folder_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part, seeds in (("train", (0, 1)), ("val", (2,))):
        (tmp_path / "data" / part).mkdir(parents=True)
        for seed in seeds:
            frames = [frame.permute(1, 2, 0).numpy() for frame in video(14, 32, 40, seed)]
            content = encoded(frames, rate=5)
            (tmp_path / "data" / part / f"{seed}.mp4").write_bytes(content)
    polish = replace(APPEARANCE, name="polish", options=APPEARANCE.options | {"start_windows": 0})
    recipe = Recipe(seed=1, validation_items=2, stages=(MATCHING, APPEARANCE, polish))
    use_recipe(recipe, monkeypatch)
    out = run.train(str(CARD), tmp_path / "data", tmp_path / "run", device="cpu", progress=False)
    told = (out / "README.md").read_text()
    assert "on 2 items of `data`; 1 others were held out" in told  # videos, not their windows
    assert "on 2 of the held-out videos' windows" in told
    log = (out / "appearance" / "metrics.jsonl").read_text()
    assert "psnr_ids" in log
    assert "psnr_group_means" in log
    assert list((out / "polish").glob("pictures-*.png"))
    tok = zoo.load(out)
    clip = tmp_path / "data" / "val" / "2.mp4"
    tokens = tok.encode(clip)
    seen, shown = tok.view(clip).items[0], tok.decode(tokens, native=True).items[0]
    error = (shown[: len(seen)] - seen.float() / 255).square().mean()
    assert error < (seen.float() / 255).var()
