"""Whole sets of sounds, of videos and of Hugging Face rows."""

import wave
from pathlib import Path

import pytest
from bulk_sets import encoded, folder_set, job_for, random_card  # noqa: F401
from samples import sound
from toy_video import install, write_card
from video_files import encoded as encoded_video
from video_files import pictures

import zoo
from zoo.bulk.job import Job
from zoo.bulk.run import tokenize
from zoo.cards import Card
from zoo.loading import load_random

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


def test_a_known_name_stays_a_name_beside_a_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = Job.plan("mimi", "sounds")
    (tmp_path / "mimi").mkdir()
    assert Job.plan("mimi", "sounds") == before
    assert before.model == "mimi"
