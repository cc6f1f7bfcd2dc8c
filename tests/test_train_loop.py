"""What the training loop promises besides the same curve after a kill."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from short_training import short_stage, use_recipe
from test_train import data  # noqa: F401
from train_items import CARD

from zoo.train import run
from zoo.train.recipe import Recipe

STAGE = short_stage("line", {})


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
