"""Tokenizing a whole set: every item once, and the same when a run is repeated."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bulk_sets import folder_set, job_for, random_card, token_files  # noqa: F401

import zoo
from zoo.bulk import run as bulk_run
from zoo.bulk.journal import Journal
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.errors import ZooError


def test_every_item_has_the_ids_it_gets_alone(tmp_path: Path, card: Card) -> None:
    source = folder_set(tmp_path / "set", 10)
    out = tmp_path / "a folder"
    summary = tokenize(job_for(card, source), out)
    assert (summary.complete, summary.units, summary.rows, summary.errors) == (True, 3, 10, 0)
    data = zoo.TokenDataset(out)
    tok = zoo.load(card.path)
    for row, key in enumerate(data.keys):
        assert data[row] == tok.encode(source / key)
    assert summary.ids == 160
    assert summary.bits == pytest.approx(float(tok.encode(source / key).bits()) * 10)
    assert summary.bytes == sum(map(len, token_files(out).values()))


def test_a_second_run_does_nothing(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 6))
    first = tokenize(job, tmp_path / "out")
    before = token_files(tmp_path / "out")
    monkeypatch.setattr(bulk_run, "open_tokenizer", None)  # no model is loaded
    assert tokenize(job, tmp_path / "out") == first
    assert token_files(tmp_path / "out") == before


def test_a_unit_whose_file_is_damaged_is_done_again(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 6))
    tokenize(job, tmp_path / "out")
    before = token_files(tmp_path / "out")
    damaged = tmp_path / "out" / "tokens" / "part-00000001.parquet"
    damaged.write_bytes(before[damaged.name][:-7])
    (tmp_path / "out" / "tokens" / "part-00000000.parquet").unlink()
    assert tokenize(job, tmp_path / "out").complete
    assert token_files(tmp_path / "out") == before


def test_half_a_journal_line_counts_for_nothing(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 6))
    tokenize(job, tmp_path / "out")
    journal = Journal(tmp_path / "out")
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:-20])
    assert sorted(journal.done()) == [0]
    assert tokenize(job, tmp_path / "out").complete
    assert sorted(journal.done()) == [0, 1]
    assert len(list(journal.records())) == 2


def test_what_killed_processes_left_is_removed(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 3))
    (tmp_path / "out" / "tokens").mkdir(parents=True)
    (tmp_path / "out" / "tokens" / ".zoo-12345678.parquet").write_bytes(b"half")
    tokenize(job, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "tokens").iterdir()] == [
        "part-00000000.parquet"
    ]


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 10))
    real, calls = os.fsync, []

    def full(file: int) -> None:
        calls.append(file)
        if len(calls) > 4:
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ZooError, match="No space left on device. Nothing is half-written"):
        tokenize(job, tmp_path / "out")
    monkeypatch.undo()
    assert not list((tmp_path / "out").rglob(".zoo-*"))
    done = Journal(tmp_path / "out").done()
    assert len(done) < 3
    assert tokenize(job, tmp_path / "out").complete
    tokenize(job, tmp_path / "again")
    assert token_files(tmp_path / "out") == token_files(tmp_path / "again")


def test_prefixes_options_and_packing_are_part_of_it(tmp_path: Path, card: Card) -> None:
    source = folder_set(tmp_path / "set", 5)
    tok = zoo.load(card.path)
    job = job_for(card, source, prefix=4, options={"fit": "pad"}, packed=True)
    tokenize(job, tmp_path / "out", tok=tok)
    data = zoo.TokenDataset(tmp_path / "out")
    assert data[:5] == tok.encode([source / key for key in data.keys], prefix=4, fit="pad")
    schema = pq.read_schema(data.paths[0])
    assert schema.field("packed").type == "binary"
    assert data[0].made_by["options"]["fit"] == "pad"
