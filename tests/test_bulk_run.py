"""Tokenizing a whole set: every item once, whatever happens."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pyarrow.parquet as pq
import pytest
from bulk_sets import folder_set, job_for, tar_set, tiny_model

import zoo
from zoo.bulk import opening
from zoo.bulk import run as bulk_run
from zoo.bulk.job import Job
from zoo.bulk.journal import Journal
from zoo.bulk.resources import Resources
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.errors import MediaError, NotSupportedError, TokenError, ZooError


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Card:
    return tiny_model(tmp_path_factory.mktemp("model"))


def token_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "tokens").iterdir())}


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
    opening.open_manifest(_made(tmp_path / "out"), job)
    os.truncate(source / "shard-0.tar", 4096)
    summary = tokenize(job, tmp_path / "out")
    assert (summary.rows, summary.errors) == (2, 2)
    assert "when it was listed" in next(zoo.TokenDataset(tmp_path / "out").errors())["reason"]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_another_job_in_the_same_folder_is_refused(tmp_path: Path, card: Card) -> None:
    source = folder_set(tmp_path / "set", 3)
    tokenize(job_for(card, source), tmp_path / "out")
    with pytest.raises(TokenError, match="prefix was None, now 4"):
        tokenize(job_for(card, source, prefix=4), tmp_path / "out")
    with pytest.raises(TokenError, match="unit_size was 4, now 8"):
        tokenize(job_for(card, source, unit_size=8), tmp_path / "out")


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


def test_ranks_share_the_units(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 10))
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    tokenize(job, alone)
    partial = tokenize(job, shared, Resources(rank=1, world=2))
    assert (partial.complete, partial.units_done) == (False, 1)
    assert tokenize(job, shared, Resources(rank=0, world=2)).complete
    assert token_files(shared) == token_files(alone)
    with pytest.raises(NotSupportedError, match="rank 2 of 2"):
        Resources(rank=2, world=2)


def test_ranks_that_start_together_list_the_source_once(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, world = job_for(card, folder_set(tmp_path / "set", 10)), 3
    tok, listings, ready = zoo.load(card.path), [], Barrier(world)
    real = opening.write_manifest

    def slowly(*given: object, **more: object) -> None:
        listings.append(given)
        time.sleep(0.05)
        real(*given, **more)  # pyright: ignore[reportArgumentType]

    def one(rank: int) -> None:
        ready.wait()
        tokenize(job, tmp_path / "out", Resources(rank=rank, world=world), tok=tok)

    monkeypatch.setattr(opening, "write_manifest", slowly)
    with ThreadPoolExecutor(world) as pool:
        list(pool.map(one, range(world)))
    assert len(listings) == 1
    assert tokenize(job, tmp_path / "out").rows == 10


def test_one_writer_at_a_time(tmp_path: Path, card: Card) -> None:
    from zoo.bulk.lock import only_writer

    job = job_for(card, folder_set(tmp_path / "set", 3))
    out = _made(tmp_path / "out")
    with only_writer(out, 0), pytest.raises(ZooError, match="written by another process"):
        tokenize(job, out)
    assert tokenize(job, out).complete


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


def test_what_killed_processes_left_is_removed(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 3))
    (tmp_path / "out" / "tokens").mkdir(parents=True)
    (tmp_path / "out" / "tokens" / ".zoo-12345678.parquet").write_bytes(b"half")
    tokenize(job, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / "tokens").iterdir()] == [
        "part-00000000.parquet"
    ]


def test_a_source_without_media_is_an_error(tmp_path: Path, card: Card) -> None:
    with pytest.raises(MediaError):
        tokenize(job_for(card, _made(tmp_path / "empty")), tmp_path / "out")


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


def test_a_job_file_of_another_version_is_refused(tmp_path: Path, card: Card) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 1))
    job.save(_made(tmp_path / "out"))
    assert Job.load(tmp_path / "out") == job
    text = (tmp_path / "out" / "job.json").read_text()
    (tmp_path / "out" / "job.json").write_text(text.replace('"version": 1', '"version": 9'))
    with pytest.raises(TokenError, match="another version"):
        Job.load(tmp_path / "out")


def test_a_rank_counts_its_own_items(
    tmp_path: Path, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_for(card, folder_set(tmp_path / "set", 10))
    tokenize(job, tmp_path / "out", Resources(rank=0, world=2), as_json=True)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line[:1] == "{"]
    assert [(line["items"], line["of"]) for line in lines] == [(4, 6), (6, 6)]
    assert lines[-1]["seconds_left"] == 0


@pytest.mark.parametrize(
    ("given", "expected"), [("cuda", "cuda:3"), ("cuda:1", "cuda:1"), ("cpu", "cpu")]
)
def test_each_process_of_a_machine_takes_a_gpu_of_its_own(
    given: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from zoo.commands.tokenize import _own_device

    monkeypatch.delenv("LOCAL_RANK", raising=False)
    assert _own_device("cuda") == "cuda"
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert _own_device(given) == expected
