"""Whole sets of sounds, of videos and of Hugging Face rows; errors that are not an item's own."""

import os
import wave
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from bulk_sets import encoded, folder_set, job_for, random_card  # noqa: F401
from samples import sound
from toy_video import install, write_card
from video_files import encoded as encoded_video
from video_files import pictures

import zoo
from zoo.bulk import cluster
from zoo.bulk import feed as bulk_feed
from zoo.bulk.feed import Failure, Feed
from zoo.bulk.guard import Guard
from zoo.bulk.job import Job
from zoo.bulk.run import tokenize
from zoo.bulk.sources import Entry
from zoo.cards import Card
from zoo.errors import MediaError, NotSupportedError, ZooError
from zoo.loading import load_random
from zoo.media import Prepared
from zoo.tokens import Origin

CARDS = Path(__file__).parent / "cards"


def sound_file(path: Path, samples: int, rate: int, seed: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        mono = sound(samples, rate, seed)[0].reshape(-1)[:samples]
        file.writeframes((mono * 32767).astype("<i2").tobytes())


def test_sounds_of_any_length(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for item, samples in enumerate((801, 41, 4000, 900)):
        sound_file(tmp_path / "set" / f"{item}.wav", samples, 8000, item)
    (tmp_path / "set" / "2b.wav").write_bytes(b"RIFF no sound")
    tok = load_random(CARDS / "test-encodec.md")
    job = job_for(tok.card, tmp_path / "set")
    summary = tokenize(job, tmp_path / "out", tok=tok)
    assert (summary.complete, summary.rows, summary.errors) == (True, 4, 1)
    data = zoo.TokenDataset(tmp_path / "out")
    assert data.keys == [f"{item}.wav" for item in range(4)]
    for row, key in enumerate(data.keys):
        assert data[row] == tok.encode(tmp_path / "set" / key)


def test_videos_of_several_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    (tmp_path / "set").mkdir()
    for item, frames in enumerate((11, 3, 6)):
        content = encoded_video(pictures(frames), rate=5)
        (tmp_path / "set" / f"{item}.mp4").write_bytes(content)
    (tmp_path / "set" / "cut.mp4").write_bytes(content[:100])
    card = zoo.card(write_card(tmp_path))
    summary = tokenize(job_for(card, tmp_path / "set"), tmp_path / "out")
    assert (summary.complete, summary.rows, summary.errors) == (True, 3, 1)
    data, tok = zoo.TokenDataset(tmp_path / "out"), zoo.load(card.path)
    assert [int(data[row].lengths) for row in range(3)] == [36, 12, 24]
    for row, key in enumerate(data.keys):
        assert data[row] == tok.encode(tmp_path / "set" / key)


def test_rows_of_a_hugging_face_set(tmp_path: Path, card: Card) -> None:
    datasets = pytest.importorskip("datasets")
    cells = [{"bytes": encoded(item), "path": None} for item in range(5)]
    rows = datasets.Dataset.from_dict({"image": cells}).cast_column("image", datasets.Image())
    rows.save_to_disk(str(tmp_path / "saved"))
    summary = tokenize(job_for(card, tmp_path / "saved"), tmp_path / "out")
    assert (summary.complete, summary.rows, summary.errors) == (True, 5, 0)
    tok = zoo.load(card.path)
    assert zoo.TokenDataset(tmp_path / "out")[3] == tok.encode(encoded(3))


def test_output_below_the_source_does_not_change_what_the_source_is(
    tmp_path: Path, card: Card
) -> None:
    source = folder_set(tmp_path / "set", 6)
    job, out = job_for(card, source), source / "tokens"
    tokenize(job, out)
    (out / "tokens" / "part-00000001.parquet").unlink()
    summary = tokenize(job, out)
    assert (summary.complete, summary.rows, summary.errors) == (True, 6, 0)


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


class Numbers:
    """A source whose items are their numbers."""

    def read(self, entry: Entry) -> int:
        return int(entry.key)


def test_large_items_are_read_fewer_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_feed, "AHEAD_BYTES", 3000)
    begun: list[int] = []

    def prepare(item: int) -> Prepared:
        begun.append(item)
        return Prepared(torch.zeros(1000, dtype=torch.uint8), Origin())

    feed = Feed(Numbers(), Guard([]), prepare, {}, workers=2)  # pyright: ignore[reportArgumentType]
    entries = [Entry(str(number), "") for number in range(40)]
    seen = 0
    for _, items in feed.run([(0, entries[:30]), (1, entries[30:])]):
        for entry, _ in items:
            assert entry.key == str(seen)
            assert len(begun) <= seen + 5
            seen += 1
    assert sorted(begun) == list(range(40))


def test_a_missing_package_is_no_items_fault() -> None:
    def prepare(item: int) -> Prepared:
        raise NotSupportedError("this needs the package x") if item else MediaError("bad")

    feed = Feed(Numbers(), Guard([]), prepare, {}, workers=1)  # pyright: ignore[reportArgumentType]
    units = feed.run([(0, [Entry("0", ""), Entry("1", "")])])
    _, items = next(units)
    assert next(items)[1] == Failure("MediaError", "bad")
    with pytest.raises(NotSupportedError, match="package x"):
        next(items)


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


def test_a_known_name_stays_a_name_beside_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = Job.plan("mimi", "sounds")
    (tmp_path / "mimi").mkdir()
    assert Job.plan("mimi", "sounds") == before
    assert before.model == "mimi"


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
