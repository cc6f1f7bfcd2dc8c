"""Boards of results: what shares a table, the page, checks of files, paired differences."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from samples import picture_folder
from tiny import make_tiny_flextok

from zoo.cli import main
from zoo.eval.leaderboard.load import read_result
from zoo.eval.leaderboard.rows import boards
from zoo.eval.leaderboard.submit import HUB_TASKS
from zoo.eval.statistics.paired import paired_difference
from zoo.eval.tasks import task_names

PAPER = {"title": "a paper", "url": "https://example.org", "read": "2026-11-24"}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tokenizers on the same pictures, and one of them with other options."""
    folder = tmp_path_factory.mktemp("leaderboard")
    data = picture_folder(folder / "data", 3)
    for number, (name, steps) in enumerate((("one", 1), ("two", 1), ("two", 2))):
        card = make_tiny_flextok(folder / f"model-{name}", name, seed=len(name) + number // 2)
        words = ["eval", str(card), "image_reconstruction", "--data", str(data)]
        words += ["--option", f"steps={steps}", "--prefix", "1,16", "--metrics", "psnr,ssim"]
        assert main([*words, "-o", str(folder / f"{number}.json")]) == 0
    return folder


@pytest.fixture
def copy(results: Path, tmp_path: Path) -> Path:
    """The result files alone, to be changed."""
    folder = tmp_path / "results"
    folder.mkdir()
    for path in results.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def change(path: Path, **changes: object) -> None:
    body = json.loads(path.read_text())
    for place, value in changes.items():
        *parents, last = place.split("__")
        target = body
        for name in parents:
            target = target[int(name) if name.isdecimal() else name]
        target[last] = value
    path.write_text(json.dumps(body))


def test_a_page_markdown_and_csv_are_built(copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "board"
    assert main(["leaderboard", "build", str(copy), "-o", str(out)]) == 0
    page = (out / "index.html").read_text()
    assert page.count("<section") == 1
    assert len(re.findall("<tr data-license", page)) == 6
    assert "data:image/png;base64," in page
    assert "<!--" not in page
    with (out / "board-1.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    first = json.loads((copy / "0.json").read_text())["qualities"][0]["metrics"]["psnr"]
    assert float(rows[0]["psnr"]) == first["value"]
    assert {row["options"] for row in rows if row["model"] == "one"} == {""}
    assert {row["options"] for row in rows if row["model"] == "two"} == {"steps=1", "steps=2"}
    assert all("guidance_scale=" in row["all_options"] for row in rows)
    assert 'title="steps=1, guidance_scale=' in page
    markdown = (out / "leaderboard.md").read_text()
    assert "psnr ↑" in markdown
    assert markdown.count("| one |") == 2
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(["leaderboard", "build", str(copy), "-o", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_only_what_is_comparable_shares_a_table(copy: Path) -> None:
    change(copy / "1.json", data__fingerprint="0" * 64)
    change(copy / "2.json", qualities__0__metrics__psnr__settings={"data_range": 2})
    found = boards([read_result(copy / f"{number}.json") for number in range(3)])
    assert [len(board.rows) for board in found] == [2, 4] or [
        len(board.rows) for board in found
    ] == [4, 2]
    both = max(found, key=lambda board: len(board.rows))
    assert "psnr (2)" in both.metrics
    change(copy / "0.json", kind="reported", source=PAPER)
    assert len(boards([read_result(copy / f"{number}.json") for number in range(3)])) == 3


def test_names_are_no_html(copy: Path, tmp_path: Path) -> None:
    change(copy / "0.json", model__name="<script>alert(1)</script>")
    assert main(["leaderboard", "build", str(copy / "0.json"), "-o", str(tmp_path / "b")]) == 0
    assert "<script>alert" not in (tmp_path / "b" / "index.html").read_text()


def test_verify_finds_what_was_changed(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", "verify", str(copy)]) == 0
    assert capsys.readouterr().out.count("as it says") == 3
    change(copy / "0.json", qualities__0__metrics__psnr__value=99.0)
    change(copy / "1.json", data__fingerprint="0" * 64)
    (copy / "2.samples.jsonl").write_text("{}\n")
    assert main(["leaderboard", "verify", str(copy)]) == 1
    out = capsys.readouterr().out
    assert "psnr is 99.0" in out
    assert "fingerprint is not" in out
    assert "changed since" in out
    (copy / "2.samples.jsonl").unlink()
    assert main(["leaderboard", "verify", str(copy / "2.json")]) == 1
    assert "missing" in capsys.readouterr().out


def test_files_that_are_no_results_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, message in (
        ("{", "no JSON"),
        ("{}", "schema"),
        ('{"schema": "zoo-results/1"}', "kind"),
    ):
        (tmp_path / "r.json").write_text(text)
        assert main(["leaderboard", "build", str(tmp_path), "-o", str(tmp_path / "b")]) == 1
        assert message in capsys.readouterr().err
    assert main(["leaderboard", "verify", str(tmp_path / "nowhere")]) == 1


def test_paired_differences_of_two_results(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["leaderboard", "compare", str(copy / "0.json"), str(copy / "1.json"), "--prefix", "16"]
    assert main([*words, "--json"]) == 0
    found = {entry["metric"]: entry for entry in json.loads(capsys.readouterr().out)}
    rows = [
        [json.loads(line) for line in (copy / f"{n}.samples.jsonl").read_text().splitlines()]
        for n in (0, 1)
    ]
    each = [
        a["qualities"]["16"]["psnr"] - b["qualities"]["16"]["psnr"]
        for a, b in zip(*rows, strict=True)
    ]
    assert found["psnr"]["difference"] == pytest.approx(np.mean(each))
    assert found["psnr"]["n"] == 3
    assert main(words) == 0
    assert "psnr" in capsys.readouterr().out
    assert main([*words[:-1], "7"]) == 1
    assert "no quality 7" in capsys.readouterr().err
    change(copy / "1.json", data__fingerprint="0" * 64)
    assert main(words) == 1
    assert "not comparable" in capsys.readouterr().err


def test_a_result_is_measured_again(
    results: Path, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["leaderboard", "rerun", str(copy / "2.json"), "--data", str(results / "data")]
    assert main(words) == 1
    assert "--model" in capsys.readouterr().err
    words += ["--model", str(results / "model-two" / "two.md")]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["moved"] == found["differences"] == []
    assert {one["name"] for one in found["figures"]} >= {"1 psnr", "16 ssim", "16 nominal_bits"}
    assert all(one["now"] == pytest.approx(one["recorded"]) for one in found["figures"])
    change(copy / "2.json", qualities__1__metrics__psnr__value=99.0)
    assert main(words) == 1
    (moved,) = (line for line in capsys.readouterr().out.splitlines() if "MOVED" in line)
    assert moved.split()[:3] == ["16", "psnr", "99.0"]
    assert main([*words, "--tolerance", "1e9"]) == 0
    assert main([*words, "--", "--limit", "2", "--option", "steps=1"]) == 1
    out = capsys.readouterr().out
    assert "listed of the data: 3 recorded, 2 now" in out
    assert "the task's settings" in out
    change(copy / "2.json", kind="reported", source=PAPER)
    assert main(words) == 1
    assert "a paper" in capsys.readouterr().err


def test_the_forms_of_the_hub(
    copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub import ModelCardData, parse_eval_result_entries

    words = ["leaderboard", "submit", str(copy / "2.json"), "-o", str(tmp_path / "forms")]
    assert main([*words, "--dataset", "pictures"]) == 1
    assert "owner/name" in capsys.readouterr().err
    url = "https://example.org/2.json"
    assert main([*words, "--dataset", "me/pictures", "--source-url", url]) == 0
    body = json.loads((copy / "2.json").read_text())
    folder = tmp_path / "forms" / ".eval_results"
    assert sorted(path.name for path in folder.iterdir()) == [
        f"pictures-image_reconstruction-{k}.yaml" for k in (1, 16)
    ]
    for quality in body["qualities"]:
        path = folder / f"pictures-image_reconstruction-{quality['prefix']}.yaml"
        entries = parse_eval_result_entries(yaml.safe_load(path.read_text()))
        values = {entry.task_id: entry.value for entry in entries}
        assert values["image_reconstruction_psnr"] == quality["metrics"]["psnr"]["value"]
        assert entries[0].dataset_id == "me/pictures"
        assert entries[0].source_url == url
        assert entries[0].notes is not None
        assert "steps 2" in entries[0].notes
    text = yaml.safe_load((tmp_path / "forms" / "model-index.yaml").read_text())
    card = ModelCardData(model_name="two", **{"model-index": text["model-index"]})
    (index,) = card.to_dict()["model-index"]
    assert index["name"] == "two"
    assert index["results"][0]["task"] == {
        "type": "image-to-image",
        "name": "image_reconstruction 2",
    }
    benchmark = yaml.safe_load((tmp_path / "forms/for-the-dataset/eval.yaml").read_text())
    known = {task["id"] for task in benchmark["tasks"]}
    assert known == {"image_reconstruction_psnr", "image_reconstruction_ssim"}
    assert {*values} == known
    assert HUB_TASKS.keys() >= {*task_names()}
    metrics = index["results"][0]["metrics"]
    psnr = [one for one in metrics if one["type"] == "psnr"]
    assert [one["args"]["prefix"] for one in psnr] == [1, 16]
    assert [one["value"] for one in psnr] == [
        quality["metrics"]["psnr"]["value"] for quality in body["qualities"]
    ]


def test_pairing_covers_and_is_tighter_than_the_figures_themselves() -> None:
    random = np.random.default_rng(0)
    covered, widths = 0, []
    for _ in range(400):
        hard = random.normal(size=25) * 3  # what makes a sample hard for both
        one, other = hard + random.normal(size=25) + 0.5, hard + random.normal(size=25)
        found = paired_difference(one.tolist(), other.tolist())
        assert found.low is not None
        assert found.high is not None
        covered += found.low < 0.5 < found.high
        widths.append(found.high - found.low)
    assert covered / 400 == pytest.approx(0.95, abs=0.035)
    assert np.mean(widths) < 1.5  # of the figures themselves about 2.6 each
