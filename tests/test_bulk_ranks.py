"""Several processes on one set: each its share, and none in another's way."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from bulk_sets import folder_set, job_for, made, random_card, token_files  # noqa: F401

import zoo
from zoo.bulk import opening
from zoo.bulk.resources import Resources
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.errors import NotSupportedError, ZooError


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
    out = made(tmp_path / "out")
    with only_writer(out, 0), pytest.raises(ZooError, match="written by another process"):
        tokenize(job, out)
    assert tokenize(job, out).complete


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
