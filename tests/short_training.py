"""Trainings of a few steps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from zoo.train import run
from zoo.train.loop import run_stage
from zoo.train.objective import Batches, Objective
from zoo.train.recipe import Recipe, Stage
from zoo.train.state import load_newest


def short_stage(name: str, options: dict[str, Any], **changes: Any) -> Stage:
    """Six steps of the objective of that name; a checkpoint after three."""
    usual: dict[str, Any] = {
        "objective": name,
        "steps": 6,
        "batch_size": 4,
        "learning_rate": 1e-3,
        "warmup": 2,
        "cooldown": 2,
        "ema": 0.9,
        "precision": "no",
        "validate_every": 6,
        "checkpoint_every": 3,
    }
    return Stage(name=name, options=options, **usual | changes)


def use_recipe(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """``zoo train`` follows this recipe, whatever the card names."""
    monkeypatch.setattr(run, "_recipe_path", lambda card: Path("recipe.yaml"))
    monkeypatch.setattr(run, "read_recipe", lambda path: recipe)


def killed_goes_on_to_the_same_weights(
    make: Callable[[], Objective], items: Batches, stage: Stage, folder: Path
) -> tuple[Objective, Path]:
    """Train an objective in one go and another with a kill after four steps; both end alike.

    Returns:
        The one trained in one go, and the folder of its run.
    """

    def go(objective: Objective, name: str) -> Objective:
        run_stage(
            objective,
            items,
            items[torch.arange(2)],
            stage,
            seed=1,
            folder=folder / name,
            device="cpu",
            progress=False,
        )
        return objective

    class Killed(Exception):
        pass

    whole, victim = go(make(), "whole"), make()
    calls, forward = iter(range(100)), victim.forward

    def dying(*arguments: Any) -> dict[str, torch.Tensor]:
        if next(calls) == 4:
            raise Killed
        return forward(*arguments)

    victim.forward = dying  # type: ignore[method-assign]
    with pytest.raises(Killed):
        go(victim, "killed")
    newest = load_newest(folder / "killed")
    assert newest is not None
    assert newest["step"] == 3
    expected = whole.trained.state_dict()
    for name, value in go(make(), "killed").trained.state_dict().items():
        assert torch.equal(value, expected[name]), name
    return whole, folder / "whole"
