"""What goes wrong in a bulk run and is no item's own: attempts, networks, actors, folders."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from bulk_sets import folder_set, job_for, random_card  # noqa: F401

import zoo
from zoo.bulk import cluster
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.errors import MediaError, ZooError


def test_errors_of_an_attempt_that_died_do_not_stay(tmp_path: Path, card: Card) -> None:
    source = folder_set(tmp_path / "set", 3)
    job, out = job_for(card, source), tmp_path / "out"
    missing = source / "class 1" / "0001.png"
    content = missing.read_bytes()
    missing.write_bytes(b"no picture"[: len(content)].ljust(len(content)))
    assert tokenize(job, out).errors == 1
    missing.unlink()
    (out / "tokens" / "part-00000000.parquet").unlink()
    missing.write_bytes(content)
    (out / "manifest.parquet").unlink()
    assert tokenize(job, out).errors == 0
    assert list(zoo.TokenDataset(out).errors()) == []
    assert not list((out / "errors").iterdir())


def test_an_item_that_the_networks_cannot_take_costs_itself_alone(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder_set(tmp_path / "set", 6)
    tok = zoo.load(card.path)
    bad = tok.prepare(source / "class 1" / "0003.png").tensor
    real = tok._encode

    def small_memory(batch: torch.Tensor, **given: object) -> object:
        if any(torch.equal(one, bad) for one in batch):
            raise torch.OutOfMemoryError("out of memory")
        return real(batch, **given)

    monkeypatch.setattr(tok, "_encode", small_memory)
    tokenize(job_for(card, source), tmp_path / "out", tok=tok)
    (error,) = zoo.TokenDataset(tmp_path / "out").errors()
    assert error == {
        "key": "class 1/0003.png",
        "kind": "OutOfMemoryError",
        "reason": "out of memory",
    }

    def broken(batch: torch.Tensor, **given: object) -> object:
        raise RuntimeError("the device is gone")

    monkeypatch.setattr(tok, "_encode", broken)
    with pytest.raises(ZooError, match="none of 4 items: the device is gone"):
        tokenize(job_for(card, source), tmp_path / "none", tok=tok)


def test_an_actor_that_cannot_live_ends_the_run_with_its_reason() -> None:
    class Actor:
        run = SimpleNamespace(remote=lambda unit: unit)

    def get(unit: int) -> None:
        raise RayActorError("no weights")

    ray = SimpleNamespace(
        wait=lambda units, num_returns: (units[:1], units[1:]),
        get=get,
        exceptions=SimpleNamespace(RayActorError=RayActorError),
    )
    with pytest.raises(ZooError, match="died 9 times at the same unit: no weights"):
        list(cluster._spread(ray, [Actor()], [0, 1]))


class RayActorError(Exception):
    """In place of Ray's own."""


def test_a_folder_that_cannot_be_listed_is_no_empty_folder(
    tmp_path: Path, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("class 1"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    source = folder_set(tmp_path / "set", 4)
    monkeypatch.setattr(os, "scandir", closed)
    with pytest.raises(MediaError, match="class 1 cannot be listed: Permission denied"):
        tokenize(job_for(card, source), tmp_path / "out")


def test_what_cannot_be_is_said_before_work_begins(
    tmp_path: Path, card: Card, capsys: pytest.CaptureFixture[str]
) -> None:
    from zoo.cli import main

    source = folder_set(tmp_path / "set", 1, broken=0)
    words = ["tokenize", str(source)]
    assert main([*words, "s3://bucket/out", "--model", str(card.path)]) == 1
    assert "a folder of this machine" in capsys.readouterr().err
    out = str(tmp_path / "out")
    assert main([*words, out, "--model", str(card.path), "--export", "npy"]) == 1
    assert "nothing to export" in capsys.readouterr().err
