"""Trainings of a few steps."""

from pathlib import Path
from typing import Any

import pytest

from zoo.train import run
from zoo.train.recipe import Recipe, Stage


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
