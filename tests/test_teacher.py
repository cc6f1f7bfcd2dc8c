"""The teacher: labels that are found, training that resumes to a file, errors that help."""

import io
import tarfile
from pathlib import Path

import pytest
import torch
import yaml
from samples import picture

from zoo.errors import CardError, CheckpointCorruptError, CheckpointUnavailableError, MediaError
from zoo.media.listing import list_entries
from zoo.registry import find
from zoo.train.recipe import Stage
from zoo.train.run import _taught
from zoo.train.teacher import Teacher, TeacherConfig, load_teacher
from zoo.train.teacher.augment import random_crops, random_light
from zoo.train.teacher.files import save_teacher
from zoo.train.teacher.make import find_labels, make_teacher
from zoo.weights import metadata, save_checkpoint

STAGE = {
    "name": "only",
    "objective": "classes",
    "steps": 2,
    "batch_size": 4,
    "learning_rate": 1e-3,
    "warmup": 1,
    "cooldown": 1,
    "ema": 0.5,
    "precision": "no",
    "options": {"size": 32, "area": 0.5, "light": 0.2, "smoothing": 0.1, "dropout": 0.1},
}


def by_folder(root: Path, *classes: str) -> Path:
    for part in ("train", "val"):
        for number, name in enumerate(classes):
            (root / part / name).mkdir(parents=True)
            for i in range(2):
                picture(70, 66, 2 * number + i).save(root / part / name / f"{i}.png")
    return root


def random_teacher() -> Teacher:
    return Teacher(TeacherConfig(3, (4, 8), (1, 1)))


def test_a_teacher_is_trained_kept_and_read_again(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"seed": 1, "validation_items": 4, "stages": [STAGE]}))
    data, out = by_folder(tmp_path / "data", "cat", "dog"), tmp_path / "out"
    path = make_teacher(data, out, recipe=recipe, device="cpu", progress=False)
    teacher = load_teacher(path)
    assert 0 <= float(metadata(path)["accuracy"]) <= 1
    images = torch.rand(2, 3, 64, 64)
    assert teacher.grid(images).shape == (2, teacher.width, 4, 4)
    assert teacher.pooled(images).shape == (2, teacher.width)
    assert teacher.classify(teacher.raw(images)).shape == (2, 2)
    assert teacher.deviation.ne(1).any()
    assert not teacher.head.weight.requires_grad
    before = path.read_bytes()
    make_teacher(data, out, recipe=recipe, device="cpu", progress=False)  # nothing is left to do
    assert path.read_bytes() == before


def test_labels_come_from_folders_and_from_tars(tmp_path: Path) -> None:
    data = by_folder(tmp_path / "data", "b", "a")
    entries = list(list_entries(data / "train"))
    labels, names = find_labels(data, entries, entries[:1])
    assert names == ["a", "b"]
    assert labels.tolist() == [0, 0, 1, 1, 0]

    shard = tmp_path / "train.tar"
    with tarfile.open(shard, "w") as archive:
        for key, label in {"x.1": "7", "y": "9", "z": None}.items():
            add(archive, f"{key}.png", (data / "train" / "a" / "0.png").read_bytes())
            if label:
                add(archive, f"{key.partition('.')[0]}.cls", label.encode())
    entries = list(list_entries(shard))
    labels, names = find_labels(shard, entries[:2], entries[1:2])
    assert names == ["7", "9"]
    assert labels.tolist() == [0, 1, 1]
    with pytest.raises(MediaError, match=r"no member z\.cls with its class"):
        find_labels(shard, entries, [])


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def test_data_without_classes_is_refused(tmp_path: Path) -> None:
    data = by_folder(tmp_path / "data", "cat")
    with pytest.raises(MediaError, match="only class 'cat'.*CLASS folders.*cls members"):
        make_teacher(data, tmp_path / "out", progress=False)
    entries = list(list_entries(by_folder(tmp_path / "more", "cat", "dog", "eel")))
    with pytest.raises(MediaError, match="held-out pictures of 'eel'"):
        find_labels(data, entries[:4], entries[4:])


def test_what_is_no_teacher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointUnavailableError, match=r"zoo\.train\.teacher .* makes one"):
        load_teacher(tmp_path / "none.safetensors")
    save_checkpoint(random_teacher(), tmp_path / "other.safetensors", {})
    with pytest.raises(CheckpointCorruptError, match="not a teacher's file"):
        load_teacher(tmp_path / "other.safetensors")


def test_a_teacher_is_read_as_it_was_written(tmp_path: Path) -> None:
    teacher, images = random_teacher(), torch.rand(2, 3, 64, 64)
    teacher.mean.uniform_()
    save_teacher(teacher, tmp_path / "t.safetensors", {})
    read = load_teacher(tmp_path / "t.safetensors")
    assert read.config == teacher.config
    assert torch.equal(read.grid(images), teacher.eval().grid(images))


def test_crops_are_parts_of_the_picture_some_mirrored() -> None:
    ramp = torch.linspace(0, 1, 32).expand(64, 3, 32, 32)  # bright on the right
    crops = random_crops(ramp, 16, (0.25, 0.5), torch.Generator().manual_seed(0))
    assert crops.shape == (64, 3, 16, 16)
    assert torch.allclose(crops, crops[:, :, :1].expand_as(crops), atol=1e-5)
    slope = crops[:, 0, 0].diff(dim=1)
    rising, falling = (slope > 0).all(1), (slope < 0).all(1)
    assert (rising | falling).all()
    assert rising.sum() in range(16, 49)
    share = (crops[:, 0, 0, -1] - crops[:, 0, 0, 0]).abs()  # of the width, less one step
    assert share.min() > 0.35
    assert share.max() < 0.9


def test_light_changes_neither_order_nor_shape() -> None:
    pictures = torch.rand(4, 3, 8, 8)
    lit = random_light(pictures, 0.3, torch.Generator().manual_seed(0))
    assert lit.shape == pictures.shape
    assert not torch.equal(lit, pictures)
    for before, after in zip(pictures, lit, strict=True):
        assert torch.equal(before.flatten().argsort(), after.flatten().argsort())


def test_a_stage_that_learns_from_a_teacher_asks_for_one(tmp_path: Path) -> None:
    stage = Stage("s", "o", 1, 1, 1e-3, 1, 1, 0.9, options={"teacher": None})
    card = find("flextok-tiny")
    with pytest.raises(CardError, match=r"stage s learns from a teacher: pass --teacher FILE"):
        _taught(stage, None, card)
    save_teacher(random_teacher(), tmp_path / "t.safetensors", {})
    taught = _taught(stage, tmp_path / "t.safetensors", card)
    assert taught.options["teacher"] == str(tmp_path / "t.safetensors")
    with pytest.raises(CheckpointUnavailableError):
        _taught(stage, tmp_path / "none", card)
