"""What a bulk job is: its command, its file, and that another one is refused in its folder."""

import json
from pathlib import Path

import pytest
from bulk_sets import folder_set, job_for, made, random_card  # noqa: F401

from zoo.bulk.job import Job
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.errors import TokenError


def test_another_job_in_the_same_folder_is_refused(tmp_path: Path, card: Card) -> None:
    source = folder_set(tmp_path / "set", 3)
    tokenize(job_for(card, source), tmp_path / "out")
    with pytest.raises(TokenError, match="prefix was None, now 4"):
        tokenize(job_for(card, source, prefix=4), tmp_path / "out")
    with pytest.raises(TokenError, match="unit_size was 4, now 8"):
        tokenize(job_for(card, source, unit_size=8), tmp_path / "out")


def test_a_job_file_of_another_version_is_refused(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 1))
    job.save(made(tmp_path / "out"))
    assert Job.load(tmp_path / "out") == job
    text = (tmp_path / "out" / "job.json").read_text()
    (tmp_path / "out" / "job.json").write_text(text.replace('"version": 1', '"version": 9'))
    with pytest.raises(TokenError, match="another version"):
        Job.load(tmp_path / "out")


def test_the_command_says_what_is_there(
    tmp_path: Path, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    from zoo.cli import main

    source = folder_set(tmp_path / "set", 5, broken=1)
    words = ["tokenize", str(source), str(tmp_path / "out"), "--model", str(card.path)]
    assert main([*words, "--dry-run", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["items"], plan["units"], plan["files"]) == (5, 1, 5)
    assert not (tmp_path / "out").exists()
    assert main([*words, "--export", "csv"]) == 1
    assert "expected one of megatron, npy, webdataset" in capsys.readouterr().err
    assert main([*words, "--unit", "2", "--json", "--export", "npy"]) == 3
    assert (tmp_path / "out" / "npy" / "codes.npy").exists()
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert (result["complete"], result["rows"], result["errors"]) == (True, 4, 1)
    lines = [json.loads(line) for line in printed.err.splitlines() if line.startswith("{")]
    assert [line["items"] for line in lines] == [2, 4, 5]
    assert result["rows"] * plan["bits_per_item"] == pytest.approx(result["bits"])
    assert main([*words, "--unit", "3"]) == 1
    assert "unit_size was 2, now 3" in capsys.readouterr().err
    assert main([*words, "--prefix", "17"]) == 1
    assert "prefix 17" in capsys.readouterr().err
