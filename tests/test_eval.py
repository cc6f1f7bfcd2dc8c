"""The evaluation runner and its tasks."""

import json
from pathlib import Path

import pytest
import torch
from samples import picture
from tiny import make_tiny_flextok

import zoo
from zoo.cli import main
from zoo.eval.runner import task_names
from zoo.media.image import canonical
from zoo.media.psnr import psnr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "some pictures"
    data.mkdir()
    for index in range(3):
        picture(40, 50, index).save(data / f"{index}.png")
    (data / "3.png").write_bytes(b"not a picture")
    return data


def test_tasks_are_found_by_their_folders() -> None:
    assert "image_reconstruction" in task_names()
    for name in task_names():
        assert (Path(zoo.__file__).parent.parent / "eval" / "tasks" / name / "README.md").is_file()


def test_psnr_in_closed_form() -> None:
    grey = torch.full((3, 4, 4), 0.5)
    assert psnr(grey, grey + 0.1) == pytest.approx(20, abs=1e-4)
    assert psnr(grey, grey) == float("inf")
    bytes_ = torch.full((3, 4, 4), 51, dtype=torch.uint8)
    assert psnr(bytes_, torch.full((3, 4, 4), 0.3)) == pytest.approx(20, abs=1e-4)


def test_image_reconstruction_equals_doing_it_by_hand(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = make_tiny_flextok(tmp_path / "model")
    words = ["eval", str(card), "image_reconstruction", "--data", str(folder), "--prefix", "1,16"]
    words += ["--option", "steps=2", "--seed", "5", "--json", "-o", str(tmp_path / "result.json")]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert result == json.loads((tmp_path / "result.json").read_text())
    assert result["data"]["items"] == 3
    assert [failure["item"][-5:] for failure in result["data"]["failures"]] == ["3.png"]
    tok = zoo.load(card)
    files = [folder / f"{index}.png" for index in range(3)]
    tokens = tok.encode(files)
    for row in result["results"]:
        decoded = tok.decode(
            tokens.prefix(row["prefix"]), native=True, steps=2, seed=[5, 6, 7]
        ).tensor
        seen = torch.stack([canonical(item) for item in tok.view(files).items])
        errors = (decoded - seen).double().square().flatten(1).mean(1)
        assert row["psnr"] == pytest.approx(float((-10 * errors.log10()).mean()), abs=1e-3)
        assert row["bits"] == pytest.approx(tok.prefixes[row["prefix"]])


def test_an_unknown_task_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "flextok", "image_recnstruction", "--data", "."]) == 2
    assert "image_recnstruction" in capsys.readouterr().err


def test_what_cannot_work_is_refused_before_loading(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = str(make_tiny_flextok(tmp_path / "model"))
    words = ["eval", "--device", "cpu", card, "image_reconstruction", "--data", str(folder)]
    assert main([*words, "-o", str(tmp_path / "nowhere" / "r.json")]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert main([*words, "--prefix", "17"]) == 1
    assert "17" in capsys.readouterr().err
    assert main([*words, "--limit", "-1"]) == 2
    assert main(["eval", "--help"]) == 0
    assert "image_reconstruction" in capsys.readouterr().out
