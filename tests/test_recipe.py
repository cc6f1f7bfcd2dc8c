"""Recipes that cannot be trained are refused when they are read, not hours later."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from zoo.errors import CardError
from zoo.train.recipe import read_recipe

STAGE: dict[str, Any] = {
    "name": "first", "objective": "line", "steps": 6, "batch_size": 4, "learning_rate": 1e-3,
    "warmup": 2, "cooldown": 2, "ema": 0.9,
}  # fmt: skip
RECIPE: dict[str, Any] = {"seed": 1, "validation_items": 2, "stages": [STAGE]}
IN_A_STAGE = [
    ({"precision": "bf-16"}, "precision 'bf-16'; it is one of no, bf16, fp16"),
    ({"steps": 0}, "steps is 0; it is at least 1"),
    ({"batch_size": 0}, "batch_size is 0"),
    ({"accumulate": 0}, "accumulate is 0"),
    ({"validate_every": 0}, "validate_every is 0"),
    ({"checkpoint_every": -1}, "checkpoint_every is -1"),
    ({"warmup": -1}, "warmup is -1; it is at least 0"),
    ({"learning_rate": float("nan")}, "learning_rate is nan"),
    ({"ema": 1.5}, "ema is 1.5; it is at least 0 and below 1"),
    ({"betas": [0.9, 1]}, r"betas\[1\] is 1"),
    ({"clip": 0}, "clip is 0"),
    ({"name": "model"}, "stage 'model': the name is that of files"),
    ({"name": "../first"}, "the name is that of files"),
]
IN_THE_RECIPE = [
    ({"validation_items": 0}, "validation_items is 0; it is at least 1"),
    ({"validation_seconds": 0}, "validation_seconds is 0"),
    ({"margin": 0.9}, "margin is 0.9"),
    ({"stages": []}, "at least one"),
    ({"stages": [STAGE, STAGE]}, "each name once"),
]


def read(content: dict[str, Any], folder: Path) -> None:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content))
    read_recipe(path)


@pytest.mark.parametrize(("changes", "told"), IN_A_STAGE)
def test_an_impossible_stage(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    read(RECIPE, tmp_path)
    with pytest.raises(CardError, match=rf"mine\.yaml: .*{told}"):
        read(RECIPE | {"stages": [STAGE | changes]}, tmp_path)


@pytest.mark.parametrize(("changes", "told"), IN_THE_RECIPE)
def test_an_impossible_recipe(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(CardError, match=rf"mine\.yaml: .*{told}"):
        read(RECIPE | changes, tmp_path)
