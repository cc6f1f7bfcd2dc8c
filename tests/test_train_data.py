"""What is trained on and how: pictures in folders and tars, what is held out, recipes."""

import io
import json
import tarfile
from pathlib import Path

import pytest
import torch
from samples import picture
from train_items import CARD

import zoo
from zoo.errors import CardError, MediaError
from zoo.loading import load_random
from zoo.train import run
from zoo.train.data import build_bank, find_entries
from zoo.train.recipe import read_recipe


def test_data_is_found_in_folders_and_tars(tmp_path: Path) -> None:
    def png(seed: int) -> bytes:
        stream = io.BytesIO()
        picture(20, 20, seed).save(stream, "PNG")
        return stream.getvalue()

    with tarfile.open(tmp_path / "train-0.tar", "w") as archive:
        for index in range(3):
            for suffix, content in (("png", png(index)), ("cls", b"7")):
                info = tarfile.TarInfo(f"{index}.{suffix}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    (tmp_path / "val").mkdir()
    (tmp_path / "val" / "x.png").write_bytes(png(9))
    train, held_out = find_entries(tmp_path)
    assert [entry.member for entry in train] == ["0.png", "1.png", "2.png"]
    assert [entry.path.name for entry in held_out] == ["x.png"]
    tok = load_random(CARD)

    def prepare(content: bytes) -> torch.Tensor:
        return tok.prepare(content).tensor

    bank = build_bank(train, prepare, tmp_path / "bank" / "a.npy", progress=False)
    assert bank[torch.tensor([2, 0])].shape == (2, 3, 32, 32)
    stamp = (tmp_path / "bank" / "a.npy").stat().st_mtime_ns
    build_bank(train, prepare, tmp_path / "bank" / "a.npy", progress=False)
    assert (tmp_path / "bank" / "a.npy").stat().st_mtime_ns == stamp
    (tmp_path / "val" / "x.png").write_bytes(b"no picture")
    with pytest.raises(MediaError, match=r"x\.png"):
        build_bank(find_entries(tmp_path)[1], prepare, tmp_path / "b.npy", progress=False)
    with pytest.raises(MediaError, match="not a folder"):
        find_entries(tmp_path / "nowhere")


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere" / "deep" / "a.png").write_bytes(b"x")
    data = tmp_path / "data"
    data.mkdir()
    for name in ("train", "val"):
        (data / name).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tmp_path / "elsewhere" / "back").symlink_to(data, target_is_directory=True)  # a circle
    (data / "self").symlink_to(data / "self")
    train, held_out = find_entries(data)
    assert [str(entry.path.relative_to(data)) for entry in train] == ["train/deep/a.png"]
    assert [str(entry.path.relative_to(data)) for entry in held_out] == ["val/deep/a.png"]


def test_without_a_val_part_some_items_are_held_out(tmp_path: Path) -> None:
    for index in range(100):
        (tmp_path / f"{index}.png").write_bytes(b"x")
    train, held_out = find_entries(tmp_path)
    assert len(train) + len(held_out) == 100
    assert 1 <= len(held_out) <= 15


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["notes.txt"], "holds no image files or tar files"),
        (["a.png", "b.png"], r"too few image files \(2\) for one in 20.*into a folder val"),
        (["val/a.png", "valley.png"], r"all image files of .* are held out, .*a\.png the first"),
    ],
)
def test_data_that_nothing_can_be_judged_by_say_so(
    names: list[str], told: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(MediaError, match=told):
        find_entries(tmp_path)


def test_bundled_recipes_are_sound() -> None:
    recipes = [zoo.card(n) for n in zoo.list_models(bundled=True) if zoo.card(n).recipe]
    for card in recipes:
        recipe = read_recipe(run._recipe_path(card))
        for stage in recipe.stages:
            assert stage.objective in run._objectives(card)
            assert 0 < stage.share_at(0) <= 1
            assert stage.share_at(stage.steps - 1) < 1
            json.dumps(stage.options)


def test_a_recipe_with_a_typo_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("seed: 1\nvalidation_items: 2\nstage: []\n")
    with pytest.raises(CardError, match="did you mean 'stages'"):
        read_recipe(path)
