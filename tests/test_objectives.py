"""What every family's objectives promise the training loop."""

from dataclasses import dataclass

import pytest
import torch

import zoo
from zoo.loading import build_module, read_config
from zoo.train.recipe import Stage, read_recipe
from zoo.train.run import _objectives, _recipe_path
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.files import save_teacher


@dataclass(frozen=True)
class Case:
    card: zoo.Card
    stage: Stage


CASES = [
    Case(card, stage)
    for card in map(zoo.card, zoo.list_models(bundled=True))
    for stage in read_recipe(_recipe_path(card)).stages
]


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        save_teacher(Teacher(TeacherConfig(3, (8, 256), (1, 1))), path, {})
    return str(path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.card.name}-{case.stage.name}")
def test_weights_that_are_there_stay_until_the_first_step(case: Case, teacher: str) -> None:
    """Fine-tuning begins with what it is given: only ``begin`` may choose other weights."""
    tok = zoo.load(case.card.name)
    config = read_config(case.card, {})
    module = build_module(type(tok), config)
    module.load_state_dict(tok.module.state_dict())
    options = dict(case.stage.options)
    if "teacher" in options:
        options["teacher"] = teacher
    objective = _objectives(case.card)[case.stage.objective](module, config, options)
    objective.train().eval()
    for key, weight in tok.module.state_dict().items():
        assert torch.equal(module.state_dict()[key], weight), key
    assert any(weight.requires_grad for weight in objective.trained.parameters())
