"""What a run starts from: only a checkpoint of the same shape; what its result then says."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import yaml
from samples import picture
from short_training import short_stage
from train_items import CARD

import zoo
from zoo.cards import read_card
from zoo.errors import CardError
from zoo.loading import load_random
from zoo.train import run
from zoo.train.recipe import Recipe
from zoo.train.result import write_checkpoint

STAGE = short_stage(
    "autoencoder", {"kl_weight": 1e-5}, steps=1, validate_every=1, checkpoint_every=1
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for index in range(4):
        picture(32, 32, index).save(folder / f"{'val' if index > 2 else 'a'}-{index}.png")
    return folder


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(asdict(Recipe(1, 1, (STAGE,)))))
    return path


def test_a_card_without_recipe_is_tuned_by_one_that_is_given(
    data: Path, recipe: Path, tmp_path: Path
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    tok = load_random(CARD)
    card = replace(tok.card, license="other", license_name="mine alone", license_link=None)
    write_checkpoint(tok.card, tok.module, start, "", seed=0, origin=card)
    with pytest.raises(CardError, match="names no recipe; pass --recipe FILE"):
        run.train(str(CARD), data, tmp_path / "run", start=str(start))
    out = run.train(
        str(CARD), data, tmp_path / "run", start=str(start), recipe=recipe,
        device="cpu", progress=False,
    )  # fmt: skip
    tuned = zoo.load(out)
    assert (tuned.card.license, tuned.card.license_name) == ("other", "mine alone")
    assert "that of test-flextok: before you share" in tuned.card.body
    ours, theirs = tuned.module.state_dict(), zoo.load(start).module.state_dict()
    moved = {name for name, value in ours.items() if not torch.equal(value, theirs[name])}
    assert moved
    assert all(name.startswith("vae.") for name in moved)  # the rest is what it started from


def test_a_start_of_another_shape_is_refused_before_anything_is_written(
    data: Path, recipe: Path, tmp_path: Path
) -> None:
    for start, expected in (
        ("flextok-tiny", r"configurations differ in .*encoder\.width \(32, there \d+\)"),
        ("codec-tiny", "is of family flextok and cannot start from codec-tiny.*family codec"),
    ):
        with pytest.raises(CardError, match=expected):
            run.train(str(CARD), data, tmp_path / "run", start=start, recipe=recipe)
    assert not (tmp_path / "run").exists()


def test_new_weights_take_the_place_of_all_parts_that_were_loaded(tmp_path: Path) -> None:
    first = (
        "    - name: model\n      role: both\n      file: model.safetensors\n      format: zoo\n"
    )
    text = CARD.read_text()
    assert first in text
    more = "".join(
        first.replace("model", name).replace("both", role)
        for name, role in (("ears", "encode"), ("painter", "lazy"), ("mouth", "decode"))
    )
    # The configuration comes from a file beside a part that is not the first.
    text = text.replace(first, more + first).replace("    patch_size: 2\n", "").replace(
        "  input:\n", "  config_from: {part: mouth, file: config.json, fields: [patch_size]}\n  input:\n"
    )  # fmt: skip
    (tmp_path / "given.md").write_text(text)
    (tmp_path / "config.json").write_text(json.dumps({"patch_size": 2}))
    tok = load_random(CARD)
    out = tmp_path / "out"
    out.mkdir()
    write_checkpoint(read_card(tmp_path / "given.md"), tok.module, out, "", seed=0)
    card = zoo.card(out)
    assert [(part.name, part.role) for part in card.source] == [
        ("painter", "lazy"),
        ("mouth", "both"),
    ]
    assert json.loads((out / "config.json").read_text()) == {"patch_size": 2}
    assert card.license == "apache-2.0"
