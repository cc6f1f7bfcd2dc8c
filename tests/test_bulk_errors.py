"""A set with items that cannot be read: rows of errors, tried again when asked."""

import os
from pathlib import Path

import pytest
from bulk_sets import folder_set, job_for, made, random_card, tar_set, token_files  # noqa: F401

import zoo
from zoo.bulk import opening
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.errors import MediaError


def test_bad_items_are_rows_of_errors(tmp_path: Path, card: Card) -> None:
    source = folder_set(tmp_path / "set", 6, broken=2)
    os.unlink(source / "class 1" / "0003.png")
    (tmp_path / "files.txt").write_text(
        "".join(f"set/class {i % 2}/{i:04}.png\n" for i in range(6))
    )
    summary = tokenize(job_for(card, tmp_path / "files.txt"), tmp_path / "out")
    assert (summary.complete, summary.rows, summary.errors) == (True, 4, 2)
    data = zoo.TokenDataset(tmp_path / "out")
    errors = list(data.errors())
    assert [error["key"] for error in errors] == ["set/class 0/0002.png", "set/class 1/0003.png"]
    assert "not an image" in errors[0]["reason"]
    assert "cannot be read" in errors[1]["reason"]
    assert sorted(data.keys + [error["key"] for error in errors]) == sorted(
        f"set/class {i % 2}/{i:04}.png" for i in range(6)
    )


def test_what_could_not_be_read_is_tried_again_when_asked(tmp_path: Path, card: Card) -> None:
    folder_set(tmp_path / "set", 6)
    names = [f"set/class {item % 2}/{item:04}.png" for item in range(6)]
    (tmp_path / "files.txt").write_text("\n".join(names))
    away, place = tmp_path / "away.png", tmp_path / names[5]
    place.rename(away)
    job = job_for(card, tmp_path / "files.txt", unit_size=2)
    assert tokenize(job, tmp_path / "out").errors == 1
    before = token_files(tmp_path / "out")
    assert tokenize(job, tmp_path / "out", retry_errors=True).errors == 1
    assert token_files(tmp_path / "out") == before
    away.rename(place)
    assert tokenize(job, tmp_path / "out").errors == 1
    summary = tokenize(job, tmp_path / "out", retry_errors=True)
    assert (summary.complete, summary.rows, summary.errors) == (True, 6, 0)
    assert zoo.TokenDataset(tmp_path / "out").keys == names
    assert not list((tmp_path / "out" / "errors").iterdir())
    after = token_files(tmp_path / "out")
    assert [name for name in after if after[name] != before[name]] == ["part-00000002.parquet"]


def test_a_set_of_errors_alone_is_done_too(tmp_path: Path, card: Card) -> None:
    (tmp_path / "files.txt").write_text("gone.png\n")
    summary = tokenize(job_for(card, tmp_path / "files.txt"), tmp_path / "out")
    assert (summary.complete, summary.rows, summary.errors) == (True, 0, 1)
    assert len(zoo.TokenDataset(tmp_path / "out")) == 0


def test_a_shard_that_changed_gives_errors_not_wrong_tokens(tmp_path: Path, card: Card) -> None:
    source = tar_set(tmp_path / "shards", [2, 2])
    job = job_for(card, source, unit_size=2)
    opening.open_manifest(made(tmp_path / "out"), job)
    os.truncate(source / "shard-0.tar", 4096)
    summary = tokenize(job, tmp_path / "out")
    assert (summary.rows, summary.errors) == (2, 2)
    assert "when it was listed" in next(zoo.TokenDataset(tmp_path / "out").errors())["reason"]


def test_a_source_without_media_is_an_error(tmp_path: Path, card: Card) -> None:
    with pytest.raises(MediaError):
        tokenize(job_for(card, made(tmp_path / "empty")), tmp_path / "out")
