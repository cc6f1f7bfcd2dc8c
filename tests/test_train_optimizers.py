"""Muon trains the matrices that a recipe says, AdamW the rest."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from short_training import killed_goes_on_to_the_same_weights, short_stage
from torch import Tensor, nn

from zoo.errors import CardError
from zoo.train.loop import run_stage
from zoo.train.objective import Objective
from zoo.train.optimizers import build_optimizers, set_rates
from zoo.train.recipe import Matrices, Stage
from zoo.train.state import load_newest

MATRICES = Matrices(names=("hidden.*",), learning_rate=0.5)
STAGE = short_stage("two", {}, matrices=MATRICES)
ITEMS = torch.randn(8, 6, generator=torch.Generator().manual_seed(0))


class Two(Objective):
    """Two layers, the second of which has one output."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        layers = {"hidden": nn.Linear(6, 8), "head": nn.Linear(8, 1)}
        super().__init__(nn.ModuleDict(layers), None, {})

    @property
    def trained(self) -> nn.Module:
        return self.model

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        hidden, head = self.model.children()
        return {"loss": (head(hidden(batch).tanh()) - batch.sum(1, keepdim=True)).square().mean()}

    def validate(self, items: Tensor) -> dict[str, float]:
        return {"loss": float(self(items, torch.Generator())["loss"])}


def names_of(optimizer: torch.optim.Optimizer, module: nn.Module) -> set[str]:
    moved = {id(p) for group in optimizer.param_groups for p in group["params"]}
    return {name for name, p in module.named_parameters() if id(p) in moved}


def test_a_kill_leads_to_the_same_weights(tmp_path: Path) -> None:
    _, folder = killed_goes_on_to_the_same_weights(Two, ITEMS, STAGE, tmp_path)
    state = load_newest(folder)
    assert state is not None
    (memory,) = state["matrices"]["state"].values()
    assert memory["momentum_buffer"].shape == (8, 6)


def test_every_parameter_has_one_optimizer() -> None:
    module = Two().trained
    found = build_optimizers(STAGE, module)
    assert names_of(found["matrices"], module) == {"hidden.weight"}
    assert names_of(found["optimizer"], module) == {"hidden.bias", "head.weight", "head.bias"}
    assert build_optimizers(replace(STAGE, matrices=None), module).keys() == {"optimizer"}


def test_all_matrices_and_nothing_else() -> None:
    module = nn.Linear(6, 8, bias=False)
    stage = replace(STAGE, matrices=replace(MATRICES, names=("*",)))
    assert build_optimizers(stage, module).keys() == {"matrices"}


def test_a_step_turns_all_directions_about_equally_far() -> None:
    """What Muon is: singular values of a step are alike, however unlike the gradient's are."""
    objective = Two()
    weight = objective.trained.get_parameter("hidden.weight")
    optimizer = build_optimizers(STAGE, objective.trained)["matrices"]
    before = weight.detach().clone()
    gradient = torch.randn(8, 6) @ torch.diag(10.0 ** -torch.arange(6.0).div(2))
    weight.grad = gradient
    optimizer.step()
    step = torch.linalg.svdvals(before - weight.detach())
    assert float(step[0] / step[-1]) < 2.5
    assert float(torch.linalg.svdvals(gradient)[0] / torch.linalg.svdvals(gradient)[-1]) > 50


def test_both_rates_rise_and_fall_alike() -> None:
    optimizers = build_optimizers(STAGE, Two().trained)
    for step, share in ((0, 0.5), (1, 1.0), (3, 1.0), (5, 0.5)):
        set_rates(optimizers, STAGE, step)
        rates = {name: each.param_groups[0]["lr"] for name, each in optimizers.items()}
        assert rates == {"matrices": 0.5 * share, "optimizer": 1e-3 * share}


@pytest.mark.parametrize("pattern", ["hiden.*", "hidden.bias"])
def test_a_pattern_that_no_matrix_goes_by(pattern: str) -> None:
    stage = replace(STAGE, matrices=replace(MATRICES, names=("hidden.*", pattern)))
    with pytest.raises(
        CardError, match=r"stage 'two'.*no matrix.*2: hidden\.weight, head\.weight$"
    ):
        build_optimizers(stage, Two().trained)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"names": ()}, "names is empty"),
        ({"learning_rate": -1.0}, "matrices.learning_rate is -1"),
        ({"momentum": 1.0}, "matrices.momentum is 1"),
        ({"weight_decay": float("nan")}, "matrices.weight_decay is nan"),
    ],
)
def test_impossible_numbers(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(CardError, match=told):
        replace(STAGE, matrices=replace(MATRICES, **changes))


def test_fp16_is_refused() -> None:
    stage: Stage = replace(STAGE, precision="bf16")
    with pytest.raises(CardError, match="bf16 or no"):
        replace(stage, precision="fp16")


def go(objective: Objective, stage: Stage, folder: Path) -> None:
    run_stage(
        objective, ITEMS, ITEMS[:2], stage, seed=1, folder=folder, device="cpu", progress=False
    )


def test_checkpoints_of_other_optimizers_are_refused(tmp_path: Path) -> None:
    go(Two(), STAGE, tmp_path)
    with pytest.raises(CardError, match=r"other optimizers \(matrices, optimizer\)"):
        go(Two(), replace(STAGE, matrices=None), tmp_path)


def test_what_is_frozen_cannot_be_trained(tmp_path: Path) -> None:
    objective = Two()
    objective.trained.requires_grad_(False)
    with pytest.raises(CardError, match="stage two: nothing is trained"):
        go(objective, replace(STAGE, matrices=None), tmp_path)
