"""A recipe whose stages do not fit the family is refused before the first of them is trained."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples import picture
from short_training import short_stage, use_recipe
from test_train_sound import CARD as CODEC
from test_train_sound import OPTIONS
from train_items import CARD

import zoo
from zoo.errors import CardError
from zoo.loading import load_random
from zoo.train import run
from zoo.train.fits import check_objectives
from zoo.train.recipe import Matrices, Recipe, read_recipe
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.files import save_teacher

FIRST = short_stage("autoencoder", {"kl_weight": 1e-5})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"objective": "flwo"}, "stage later: there is no objective 'flwo'.* autoencoder, flow"),
        ({"options": {"kl_wight": 1.0}}, "stage later: its options lack 'kl_weight'.* kl_wight"),
        (
            {"matrices": Matrices(("*.mlp.*",), 0.1)},
            r"stage .later.*no matrix.* 8: network.*, \.\.\.",
        ),
        ({"options": {"kl_weight": "lots"}}, "'autoencoder' cannot take its options: .*lots"),
    ],
)
def test_it_says_so_at_once(
    changes: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    for name in ("a", "val"):
        picture(32, 32, 0).save(tmp_path / "data" / f"{name}.png")
    later = replace(FIRST, name="later", **changes)
    use_recipe(Recipe(seed=1, validation_items=1, stages=(FIRST, later)), monkeypatch)
    with pytest.raises(CardError, match=told):
        run.train(str(CARD), tmp_path / "data", tmp_path / "run", device="cpu", progress=False)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("option", sorted({*OPTIONS} - {"shares", "start"}))
def test_what_only_a_step_needs_is_missed_before_it(option: str) -> None:
    tok = load_random(CODEC)
    card = zoo.card(str(CODEC))
    kinds = run._objectives(card)
    stage = short_stage("codec", {k: v for k, v in OPTIONS.items() if k != option})
    with pytest.raises(CardError, match=f"options lack '{option}'"):
        check_objectives([stage], kinds, tok.module, tok.config, card, 1)


def test_a_misspelt_option_that_could_be_left_out() -> None:
    tok = load_random(CODEC)
    card = zoo.card(str(CODEC))
    options = {("share" if name == "shares" else name): value for name, value in OPTIONS.items()}
    stage = short_stage("codec", options)
    with pytest.raises(CardError, match="no option 'share'; did you mean 'shares'"):
        check_objectives([stage], run._objectives(card), tok.module, tok.config, card, 1)


def test_the_networks_stay_as_they_are() -> None:
    tok = load_random(CARD)
    tok.module.requires_grad_(True)
    card = zoo.card(str(CARD))
    options = dict.fromkeys(
        ("full_share", "null_share", "noise_share", "mode_scale", "saturation_weight"), 0.1
    )
    stages = [short_stage("flow", options), FIRST]
    check_objectives(stages, run._objectives(card), tok.module, tok.config, card, 1)
    assert all(p.requires_grad for p in tok.module.parameters())  # the flow freezes some of them


@pytest.mark.parametrize("name", [n for n in zoo.list_models(bundled=True) if zoo.card(n).recipe])
def test_bundled_recipes_fit_their_families(name: str, tmp_path: Path) -> None:
    card = zoo.card(name)
    tok = load_random(name)
    tok.module.requires_grad_(True)
    teacher = tmp_path / "teacher.safetensors"
    save_teacher(Teacher(TeacherConfig(3, (8, 256), (1, 1))), teacher, {})
    stages = [run._taught(s, teacher, card) for s in read_recipe(run._recipe_path(card)).stages]
    check_objectives(stages, run._objectives(card), tok.module, tok.config, card, 1)
