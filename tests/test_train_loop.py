"""What the training loop promises besides the same curve after a kill."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from short_training import killed_goes_on_to_the_same_weights, short_stage, use_recipe
from test_train import data  # noqa: F401
from torch import Tensor, nn
from train_items import CARD

from zoo.errors import CardError, NotSupportedError, ZooError
from zoo.train import loop, run
from zoo.train.loop import run_stage
from zoo.train.objective import Objective
from zoo.train.recipe import Recipe
from zoo.train.report import LOG, last_validation
from zoo.train.state import load_newest, saved_states

STAGE = short_stage("line", {}, validate_every=3)
ITEMS = torch.arange(32.0).view(8, 4) / 32


class Line(Objective):
    """Four numbers to one; ``broken`` steps, counted from 0, have a loss or gradient of NaN."""

    def __init__(self, broken: int | None = None, gradient_only: bool = False) -> None:
        super().__init__(nn.Linear(4, 1), None, {})
        nn.init.constant_(self.model.weight, 0.1)
        nn.init.constant_(self.model.bias, 0.1)
        self.broken, self.gradient_only = broken, gradient_only
        self.steps = 0

    @property
    def trained(self) -> nn.Module:
        return self.model

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        loss = (self.model(batch) - 1).square().mean()
        if self.steps == self.broken:
            wrong = self.model.weight.sum() * 0
            loss = loss + (wrong.sqrt() if self.gradient_only else wrong * float("nan"))
        self.steps += 1
        return {"loss": loss}

    def validate(self, items: Tensor) -> dict[str, float]:
        return {"figure": float(self.model(items).mean())}


def train(objective: Objective, folder: Path, device: str | None = "cpu", **changes: Any) -> None:
    stage = replace(STAGE, **changes)
    run_stage(
        objective, ITEMS, ITEMS[:2], stage, seed=1, folder=folder, device=device, progress=False
    )


def test_a_stage_does_not_end_before_its_checkpoint(tmp_path: Path) -> None:
    train(Line(), tmp_path)
    with pytest.raises(CardError, match="stage line has 4 steps.* is of step 6: let the stage be"):
        train(Line(), tmp_path, steps=4)
    train(Line(), tmp_path, steps=9)
    assert last_validation(tmp_path)["step"] == 9


def test_a_kill_during_the_last_validation_loses_no_figures(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    class Dying(Line):
        def validate(self, items: Tensor) -> dict[str, float]:
            if self.steps == 6:
                raise Killed
            return super().validate(items)

    with pytest.raises(Killed):
        train(Dying(), tmp_path)
    train(Line(), tmp_path)
    train(Line(), tmp_path / "whole")
    found, expected = (last_validation(path) for path in (tmp_path, tmp_path / "whole"))
    assert found["step"] == 6
    assert found["validation"] == expected["validation"]


@pytest.mark.parametrize("gradient_only", [False, True])
@pytest.mark.parametrize("broken", [2, 4, 5])
def test_what_is_no_number_reaches_no_checkpoint(
    broken: int, gradient_only: bool, tmp_path: Path
) -> None:
    with pytest.raises(ZooError, match=r"not finite.*\n?.*remove that folder") as raised:
        train(Line(broken, gradient_only), tmp_path, checkpoint_every=1)
    assert str(tmp_path) in str(raised.value)
    for path in saved_states(tmp_path):
        state = torch.load(path, weights_only=True)
        assert state["step"] <= broken
        assert all(value.isfinite().all() for value in state["model"].values())
    train(Line(), tmp_path)  # another recipe may go on from them


def test_what_is_no_number_stops_the_last_steps(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="not finite"):
        train(Line(broken=4), tmp_path, checkpoint_every=100, validate_every=100)


def test_a_log_that_was_cut_is_gone_on_with(tmp_path: Path) -> None:
    train(Line(), tmp_path)
    log = tmp_path / LOG
    log.write_bytes(log.read_bytes()[:-10])
    assert last_validation(tmp_path)["step"] == 3
    saved_states(tmp_path)[-1].unlink()
    train(Line(), tmp_path)
    assert last_validation(tmp_path)["step"] == 6
    lines = log.read_text().splitlines()
    assert json.loads(lines[-1])["step"] == 6  # on a line of its own
    assert b"\n\n" not in log.read_bytes()


def test_stages_may_differ_in_precision(tmp_path: Path) -> None:
    for precision in ("no", "bf16", "no"):
        train(Line(), tmp_path / precision, precision=precision)


def test_the_scale_of_fp16_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU's scaler stands in for a GPU's."""

    def scaled(device: str | None, precision: str) -> Any:
        accelerator = accelerator_for(device, precision)
        accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=2.0, growth_interval=1)
        return accelerator

    accelerator_for = loop.accelerator_for
    monkeypatch.setattr(loop, "accelerator_for", scaled)
    _, whole = killed_goes_on_to_the_same_weights(Line, ITEMS, STAGE, tmp_path)
    states = [load_newest(folder) for folder in (whole, tmp_path / "killed")]
    assert [state and state["scaler"]["scale"] for state in states] == [2.0**7] * 2


@pytest.mark.parametrize("device", ["cuda:1", "xyz", "cpu:1"])
def test_a_device_that_is_not_there_is_refused(device: str, tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match=f"device '{device}': training runs on 'cpu'"):
        train(Line(), tmp_path, device=device)


def test_fp16_on_a_cpu_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotSupportedError, match="fp16 needs a GPU"):
        train(Line(), tmp_path, precision="fp16")


def test_a_plot_that_cannot_be_drawn_shows_before_the_first_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "zoo.train.report")
    with pytest.raises(ModuleNotFoundError, match=r"matplotlib\.figure"):
        import_module("zoo.train.report")


def test_the_time_of_a_start_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    class Slow(Line):
        def begin(self, items: Any) -> None:
            clock[0] += 60

    monkeypatch.setattr(loop.time, "perf_counter", lambda: clock[0])
    train(Slow(), tmp_path)
    assert last_validation(tmp_path)["seconds"] == 60


def test_what_only_training_has_follows_from_the_recipes_seed(
    data: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[float] = []

    class Drawn(Exception):
        pass

    def objective(*_: Any) -> None:
        drawn.append(float(torch.rand(())))
        raise Drawn

    def objectives(card: Any) -> dict[str, Callable[..., None]]:
        return {"line": objective}

    monkeypatch.setattr(run, "_objectives", objectives)
    before = torch.get_rng_state()
    for seed in (1, 1, 2):
        use_recipe(Recipe(seed=seed, validation_items=2, stages=(STAGE,)), monkeypatch)
        with pytest.raises(Drawn):
            run.train(str(CARD), data, tmp_path / "run", device="cpu", progress=False)
    assert drawn[0] == drawn[1] != drawn[2]
    assert torch.equal(torch.get_rng_state(), before)
