"""A run's data: never its own pictures, prepared anew where they changed, counted as they are."""

import os
from pathlib import Path
from types import ModuleType

import pytest
import torch
from samples import picture
from train_items import CARD

import zoo
from zoo.errors import MediaError, NotSupportedError
from zoo.train import run
from zoo.train.data import build_bank, find_entries
from zoo.train.sounds import build_sounds
from zoo.train.teacher.make import make_teacher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for index in range(3):
        picture(20, 20, index).save(tmp_path / f"{'val' if index > 1 else 'a'}-{index}.png")
    return tmp_path


def test_a_run_does_not_train_on_its_own_pictures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MediaError, match=r"inside the data's folder.*another --out"):
        run.train("flextok-tiny", folder, folder / "runs" / "mine", device="cpu")
    with pytest.raises(MediaError, match="inside the data's folder"):
        make_teacher(folder, folder, device="cpu")
    monkeypatch.chdir(folder)
    with pytest.raises(MediaError, match="inside the data's folder"):
        run.train("flextok-tiny", Path("."), device="cpu")
    assert len(list(folder.iterdir())) == 3


def test_a_bank_is_made_anew_where_data_or_preparation_changed(folder: Path) -> None:
    entries, path = find_entries(folder)[0], folder / "bank" / "a.npy"

    def first_value(value: int, given: str = "8 x 8") -> int:
        made = build_bank(
            entries, lambda _: torch.full((1, 1, 1), value).byte(), path, False, given=given
        )
        return int(made[torch.tensor([0])])

    assert [first_value(1), first_value(2)] == [1, 1]
    assert first_value(3, given="9 x 9") == 3
    stat = entries[0].path.stat()
    os.utime(entries[0].path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))  # as if replaced
    assert first_value(4, given="9 x 9") == 4


def test_sounds_that_are_prepared_in_another_way_are_made_anew(folder: Path) -> None:
    entries = find_entries(folder)[0]  # what they are only prepare knows
    found = []
    for value, given in ((0.25, "8 kHz"), (0.5, "8 kHz"), (0.5, "16 kHz")):
        made = build_sounds(
            entries,
            folder,
            lambda _, value=value: torch.full((1, 4), value),
            folder / "bank.npy",
            4,
            False,
            given=given,
        )
        found.append(float(made[torch.tensor([0])][0, 0, 0]))
    assert found == [0.25, 0.25, 0.5]


def test_a_missing_package_is_not_a_missing_objective(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(name: str) -> ModuleType:
        raise ModuleNotFoundError(name=missing or name)

    monkeypatch.setattr(run, "import_module", fails)
    missing = "skfancy"
    with pytest.raises(NotSupportedError, match=r"needs the package skfancy.*\[train\]"):
        run._objectives(zoo.card(CARD))
    missing = ""
    with pytest.raises(NotSupportedError, match="flextok has no training objective"):
        run._objectives(zoo.card(CARD))
