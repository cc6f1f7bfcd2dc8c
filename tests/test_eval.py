"""The evaluation runner and its tasks."""

import json
from pathlib import Path

import pytest
import torch
from samples import picture_folder
from tiny import make_tiny_flextok

import zoo
from zoo.cli import main
from zoo.eval import runner
from zoo.eval.reconstruction.ends import sized
from zoo.eval.reconstruction.run import Reconstruction
from zoo.eval.results.writing import part_folder, samples_file
from zoo.eval.tasks import load_task, task_names
from zoo.media.image import canonical
from zoo.media.psnr import psnr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = picture_folder(tmp_path / "some pictures", 3)
    (data / "3.png").write_bytes(b"not a picture")
    return data


def test_tasks_are_found_by_their_folders() -> None:
    assert {"audio_reconstruction", "image_reconstruction"} <= {*task_names()}
    for name in task_names():
        assert load_task(name).VERSION >= 1
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
    written = json.loads((tmp_path / "result.json").read_text())
    samples = written.pop("samples")
    assert result == written
    data = result["data"]
    assert (data["listed"], data["scored"], data["failed"]) == (4, 3, 1)
    assert [(one["id"], one["stage"]) for one in data["failures"]] == [("3.png", "read")]
    assert result["task"]["settings"]["decode"]["steps"] == 2
    assert result["run"]["peak_mib"] > 50
    assert result["qualities"][0]["speed"]["encode"]["batch"] is None
    lines = samples_file(tmp_path / "result.json").read_text().splitlines()
    assert samples["rows"] == len(lines) == 3
    assert not part_folder(tmp_path / "result.json").exists()
    tok = zoo.load(card)
    files = [folder / f"{index}.png" for index in range(3)]
    tokens = tok.encode(files)
    rows = [json.loads(line) for line in lines]
    for row in result["qualities"]:
        decoded = tok.decode(
            tokens.prefix(row["prefix"]), native=True, steps=2, seed=[5, 6, 7]
        ).tensor
        seen = torch.stack([canonical(item) for item in tok.view(files).items])
        errors = (decoded - seen).double().square().flatten(1).mean(1)
        wanted = -10 * errors.log10()
        figure = row["metrics"]["psnr"]
        assert figure["value"] == pytest.approx(float(wanted.mean()), abs=1e-6)
        assert (figure["n"], figure["failed"], figure["higher_is_better"]) == (3, 0, True)
        assert row["rate"]["nominal_bits"] == pytest.approx(tok.prefixes[row["prefix"]])
        ids = tokens.prefix(row["prefix"]).codes
        codebook = row["rate"]["codebooks"][0]
        assert (codebook["used"], codebook["draws"]) == (ids.unique().numel(), ids.numel())
        each = [sample["qualities"][str(row["prefix"])]["psnr"] for sample in rows]
        assert each == pytest.approx(wanted.tolist(), abs=1e-6)


def test_a_killed_run_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = str(make_tiny_flextok(tmp_path / "model"))
    words = ["eval", card, "image_reconstruction", "--data", str(folder), "--option", "steps=1"]
    whole, resumed = tmp_path / "whole.json", tmp_path / "resumed.json"
    monkeypatch.setattr(runner, "CHUNK", 1)
    assert main([*words, "-o", str(whole)]) == 0
    measure, seen = Reconstruction.chunk, []

    def until_killed(self: Reconstruction, samples: list, first: int) -> object:
        seen.append(first)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return measure(self, samples, first)

    monkeypatch.setattr(Reconstruction, "chunk", until_killed)
    assert main([*words, "-o", str(resumed)]) == 130
    assert not resumed.exists()
    assert main([*words, "-o", str(resumed), "--seed", "1"]) == 1  # another run
    assert main([*words, "-o", str(resumed)]) == 0
    assert seen == [0, 1, 2, 2, 3]
    both = [json.loads(path.read_text()) for path in (whole, resumed)]
    for one in both:
        for quality in one["qualities"]:
            quality.pop("speed")
    assert both[0]["qualities"] == both[1]["qualities"]
    assert both[0]["data"] == both[1]["data"]
    assert both[0]["run"]["id"] == both[1]["run"]["id"]
    assert samples_file(whole).read_bytes() == samples_file(resumed).read_bytes()


def test_nothing_to_score_is_an_error(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = str(make_tiny_flextok(tmp_path / "model"))
    words = ["eval", card, "image_reconstruction", "--data"]
    assert main([*words, str(folder / "3.png")]) == 1
    assert "none of 1 samples" in capsys.readouterr().err
    assert main([*words, str(tmp_path / "model")]) == 1
    assert "no file here" in capsys.readouterr().err
    assert main([*words, str(folder), "--metrics", "psnr,fidd"]) == 2
    assert "fidd" in capsys.readouterr().err


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


def test_a_picture_of_another_size_is_brought_to_the_references() -> None:
    wide = torch.linspace(0, 1, 40).expand(3, 20, 40)
    found = sized(wide, torch.zeros(3, 10, 20))
    assert found.shape == (3, 10, 20)
    assert (found - torch.linspace(0.5, 38.5, 20) / 39).abs().max() < 0.01
    assert sized(wide, wide) is wide
