"""Objectives on a device: held-out media stay on the CPU, and everything must meet on the device."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import pytest
import torch
from other_device import other_device
from samples import picture, sound, video
from test_objectives import CASES, Case, teacher  # noqa: F401
from test_seed_objective import captions, causal, codebook, images
from test_tokenflow_training import OPTIONS
from test_train import FLOW
from tokenflow_built import tiny
from torch import Tensor
from train_items import CARD as FLEXTOK

import zoo
from zoo.loading import build_module, load_random, read_config
from zoo.models.flextok.objective import AutoencoderObjective, FlowObjective
from zoo.models.seed.text import Captioned
from zoo.models.tokenflow.objective import DecoderObjective, JointObjective
from zoo.train.objective import Objective
from zoo.train.run import _objectives
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.objective import ClassObjective

COUNT = 2  # held-out items
SMALL = "flextok"  # family whose objectives are judged on a tiny model: they decode many times over
OBJECTIVES = {
    f"{case.card.family}-{case.stage.objective}": case
    for case in CASES
    if case.card.family != SMALL
}
TEACHER = {"size": 16, "area": 0.5, "light": 0.1, "smoothing": 0.1, "dropout": 0.1}
Made = tuple[Objective, Any]  # an objective, and something held out


def of_a_recipe(case: Case, teacher: str) -> Made:  # noqa: F811
    config = read_config(case.card, {})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = build_module(type(zoo.load(case.card.name)), config)
    options = dict(case.stage.options)
    if "teacher" in options:
        options["teacher"] = teacher
    return _objectives(case.card)[case.stage.objective](module, config, options), media(case.card)


def media(card: zoo.Card) -> Tensor:
    modality = card.input.modality
    if modality == "audio":
        return torch.stack([torch.from_numpy(sound(8000, 16000, i)[0])[None] for i in range(COUNT)])
    side = card.input.size[0]
    if modality == "video":
        return torch.stack([video(card.input.frames or 1, side, side, i) for i in range(COUNT)])
    return pixels(side)


def pixels(side: int) -> Tensor:
    flat = [torch.tensor(list(picture(side, side, i).tobytes())).byte() for i in range(COUNT)]
    return torch.stack([one.view(side, side, 3).permute(2, 0, 1) for one in flat])


def of_tokenflow(objective: type[Objective]) -> Made:
    tok = tiny("test-tokenflow-siglip")
    shown = [tok.prepare(picture(50, 50, seed)).tensor for seed in range(COUNT)]
    return objective(tok.module, tok.config, OPTIONS), torch.stack(shown)


def of_flextok(objective: type[Objective], options: dict[str, Any]) -> Made:
    tok = load_random(FLEXTOK)
    return objective(tok.module, tok.config, options), pixels(32)


def of_the_teacher() -> Made:
    config = TeacherConfig(3, (8, 16), (1, 1))
    return ClassObjective(Teacher(config), config, TEACHER, torch.arange(COUNT)), pixels(16)


OTHERS: dict[str, Callable[[], Made]] = {
    "flextok-autoencoder": partial(of_flextok, AutoencoderObjective, {"kl_weight": 1e-5}),
    "flextok-flow": partial(of_flextok, FlowObjective, FLOW),
    "seed-causal": lambda: (causal(), Captioned(images(COUNT), captions(COUNT))),
    "seed-codebook": lambda: (codebook(), images(COUNT)),
    "tokenflow-joint": partial(of_tokenflow, JointObjective),
    "tokenflow-decoder": partial(of_tokenflow, DecoderObjective),
    "teacher": of_the_teacher,
}


def judged(objective: Objective, items: Any) -> None:
    """As the loop does it on a GPU."""
    with torch.no_grad(), other_device() as device:
        objective.eval().to(device)
        figures = objective.validate(items)
        objective.pictures(items)
    assert figures
    assert all(type(value) is float for value in figures.values())


@pytest.mark.parametrize("name", OBJECTIVES)
def test_stages_of_recipes_are_judged_on_the_device(name: str, teacher: str) -> None:  # noqa: F811
    judged(*of_a_recipe(OBJECTIVES[name], teacher))


@pytest.mark.parametrize("name", OTHERS)
def test_other_objectives_are_judged_on_the_device(name: str) -> None:
    judged(*OTHERS[name]())


def test_every_objective_is_among_them() -> None:
    found = {tuple(name.split("-")) for name in (*OBJECTIVES, *OTHERS) if "-" in name}
    assert {case.card.family for case in CASES} == {family for family, _ in found}
    for family in {family for family, _ in found}:
        home = import_module(f"zoo.models.{family}.objective")
        assert {name for of, name in found if of == family} == set(home.OBJECTIVES)


def test_the_device_is_one() -> None:
    with other_device() as device:
        there = torch.ones(3).to(device)
        assert float((there + torch.arange(3, device=there.device)).sum()) == 6
        assert there.cpu().device.type == "cpu"
        with pytest.raises(RuntimeError, match="another device and on the CPU"):
            there + torch.ones(3)
