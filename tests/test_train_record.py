"""Runs in several calls: each stage goes on from the one before it, and the card tells what was.

Training itself is a stand-in here: it doubles one weight and adds the stage's number.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from samples import picture
from short_training import short_stage, use_recipe
from train_items import CARD

from zoo.errors import CardError
from zoo.train import run
from zoo.train.objective import Objective
from zoo.train.recipe import Matrices, Recipe, Stage
from zoo.train.state import save_state
from zoo.train.teacher import Teacher, TeacherConfig
from zoo.train.teacher.files import save_teacher
from zoo.weights import read_tensors

WEIGHT = "encoder.head.weight"
STAGES = tuple(
    short_stage(name, {"kl_weight": 1e-5}, objective="autoencoder")
    for name in ("one", "two", "three")
)
RECIPE = Recipe(seed=1, validation_items=1, stages=STAGES)


class Killed(Exception):
    pass


def stand_in(
    objective: Objective,
    items: object,
    held_out: object,
    stage: Stage,
    *,
    folder: Path,
    **_: object,
) -> None:
    folder.mkdir(exist_ok=True)
    weight = dict(objective.model.named_parameters())[WEIGHT]
    with torch.no_grad():
        weight.mul_(2).add_(1 + ("one", "two", "three").index(stage.name))
    lines = [
        {"step": step, "validation": {"psnr": 20.0 + step}, "seconds": 90.0} for step in (3, 6)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def killed(*_: object, folder: Path, **__: object) -> None:
    folder.mkdir(exist_ok=True)
    save_state(folder, 3, {})
    raise Killed


def pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    for index in range(count):
        picture(32, 32, index).save(folder / f"{'a' if index else 'val'}-{index}.png")
    return folder


Go = Callable[..., Path]


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Run ``zoo train`` with the stand-in, of four pictures into ``folder``."""
    monkeypatch.setattr(run, "run_stage", stand_in)
    data = pictures(tmp_path / "my data", 4)

    def call(folder: str, *stages: str, recipe: Recipe = RECIPE, **more: Any) -> Path:
        use_recipe(recipe, monkeypatch)
        more = {"data": data, "device": "cpu", "progress": False} | more
        return run.train(str(CARD), out=tmp_path / folder, stages=stages, **more)

    return call


def value(folder: Path, file: str) -> float:
    return float(read_tensors(folder / f"{file}.safetensors")[WEIGHT][0, 0])


def rows(folder: Path) -> list[str]:
    lines = (folder / "README.md").read_text().splitlines()
    return [line.split(" | ")[0].strip("| ") for line in lines if "process(es)" in line]


def test_the_result_is_that_of_the_last_finished_stage(go: Go) -> None:
    whole = go("whole")
    before = (whole / "model.safetensors").read_bytes()
    assert go("whole", "one") == whole
    assert (whole / "model.safetensors").read_bytes() == before
    assert rows(whole) == ["one", "two", "three"]
    part = go("part", "one")
    assert value(part, "model") == pytest.approx(value(whole, "one"), abs=1e-2)
    assert rows(part) == ["one"]
    assert "**Not trained** are the recipe's stages two, three." in (part / "README.md").read_text()


def test_each_stage_goes_on_from_the_one_before(go: Go) -> None:
    with pytest.raises(CardError, match="stage three goes on from stage two"):
        go("apart", "one", "three")
    apart = go("apart", "one", "two")
    go("apart", "one", "three")
    assert value(apart, "three") == value(go("whole"), "three")
    (apart / "two.safetensors").unlink()
    with pytest.raises(CardError, match=r"two is not finished.*three, which comes after it, is"):
        go("apart")


def changed(stage: int, **values: Any) -> Recipe:
    stages = list(STAGES)
    stages[stage] = replace(stages[stage], **values)
    return replace(RECIPE, stages=tuple(stages))


def test_another_call_cannot_give_a_run_other_things(go: Go, tmp_path: Path) -> None:
    out = go("run", "one")
    told = (out / "README.md").read_text()
    more = pictures(tmp_path / "more", 5)
    for expected, given in (
        (r"data\.items 3 before, 4 now.*another folder.*--out DIR", {"data": more}),
        ("seed 1 before, 2 now", {"recipe": replace(RECIPE, seed=2)}),
        ("start None before, {'name': 'run'", {"start": str(out)}),
        (r"stage one: batch_size 4 before, 8 now", {"recipe": changed(0, batch_size=8)}),
    ):
        with pytest.raises(CardError, match=expected):
            go("run", **given)
    assert not (out / "two.safetensors").exists()
    (tmp_path / "my data").rename(tmp_path / "moved")  # the same files
    go("run", "one", recipe=changed(0, validate_every=5), data=tmp_path / "moved")
    assert (out / "README.md").read_text() == told  # of what was trained, not of what was asked
    go("run", recipe=changed(1, batch_size=8), data=tmp_path / "moved")  # it had not begun
    assert "| two | 6 | 8 |" in (out / "README.md").read_text()


def test_muon_is_told(go: Go) -> None:
    out = go("run", recipe=changed(2, matrices=Matrices(("*.to_q.weight",), learning_rate=0.02)))
    assert "| three | 6 | 4 | 0.001, Muon 0.02 |" in (out / "README.md").read_text()


@pytest.mark.parametrize("length", ["steps", "cooldown"])
def test_a_finished_stage_gets_no_other_length(go: Go, length: str) -> None:
    out = go("run", "one")
    longer = changed(0, **{length: 5})
    with pytest.raises(CardError, match=rf"stage one is finished in .*: {length} \d before, 5 now"):
        go("run", recipe=longer)
    (out / "one.safetensors").unlink()
    go("run", recipe=longer)
    assert json.loads((out / "run.json").read_text())["stages"]["one"]["given"][length] == 5


def test_files_of_other_sizes_are_other_data(go: Go, tmp_path: Path) -> None:
    go("run", "one")
    picture(40, 40, 1).save(tmp_path / "my data" / "a-1.png")
    with pytest.raises(CardError, match="else: data: files of other sizes or names. Give the same"):
        go("run")


@pytest.mark.parametrize("name", ["README.md", "model.safetensors"])
def test_what_no_run_has_written_is_not_replaced(go: Go, tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("dear to me")
    with pytest.raises(CardError, match=f"holds a {name} and no run"):
        go("mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [name]


def test_a_run_that_was_killed_says_so_and_keeps_its_teacher(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        torch.manual_seed(seed)
        teacher = Teacher(TeacherConfig(3, (4, 8), (1, 1)))
        save_teacher(teacher, tmp_path / f"{seed}.safetensors", {"accuracy": "0.5"})
    monkeypatch.setattr(run, "check_objectives", lambda *_: None)  # this one learns from nobody
    options = STAGES[0].options | {"teacher": ""}
    only = replace(RECIPE, stages=(replace(STAGES[0], options=options),))

    def taught(seed: int, **more: Any) -> Path:
        return go("run", recipe=only, teacher=tmp_path / f"{seed}.safetensors", **more)

    monkeypatch.setattr(run, "run_stage", killed)
    with pytest.raises(Killed):
        taught(1)
    monkeypatch.setattr(run, "run_stage", stand_in)
    with pytest.raises(CardError, match=r"stage one: options\.teacher\.sha256"):
        taught(2)
    told = (taught(1) / "README.md").read_text()
    assert "`zoo train test-flextok --data 'my data' --teacher 1.safetensors --device cpu`" in told
    assert "Its teacher is `1.safetensors`, sha256 " in told
    assert "accuracy 0.5." in told
    assert ", started 2 times |" in told
    assert "| one | psnr | 26 |" in told


def test_what_was_not_noted_is_not_claimed(go: Go) -> None:
    out = go("run")
    (out / "run.json").unlink()
    go("run")
    assert "Nothing was noted when one, two, three began" in (out / "README.md").read_text()
    log = out / "three" / "metrics.jsonl"
    log.write_text(log.read_text().splitlines()[0] + "\n")
    go("run")
    assert "| three | psnr (of step 3) | 23 |" in (out / "README.md").read_text()
    (out / "run.json").write_text("{")
    with pytest.raises(CardError, match="cannot be read as a run's notes"):
        go("run")
