"""Speed of a tokenizer: its verbs, its parts, agreement of number formats, and on what."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny import random_flextok  # noqa: F401

import zoo
from zoo.errors import MediaError, NotSupportedError
from zoo.eval.speed.agreement import agreement
from zoo.eval.speed.job import Job
from zoo.eval.speed.made import made_media
from zoo.eval.speed.parts import family_parts
from zoo.eval.speed.pictures import folder_pictures, made_pictures
from zoo.eval.speed.verbs import measure_verb
from zoo.eval.speed.worker import run
from zoo.loading import load_random


def test_made_pictures_depend_on_the_seed_alone():
    one = made_pictures(2, (24, 40))
    assert one.shape == (2, 3, 24, 40)
    assert 0 <= one.min() < 0.3 < 0.7 < one.max() <= 1
    assert torch.equal(one, made_pictures(2, (24, 40)))
    assert not torch.equal(one, made_pictures(2, (24, 40), seed=1))


def test_folder_pictures_are_sorted_and_checked(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.PNG", "deep/a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in folder_pictures(str(tmp_path), 9)] == ["b.PNG", "a.jpg"]
    assert len(folder_pictures(str(tmp_path), 1)) == 1
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "nowhere"):
        with pytest.raises(MediaError, match=folder):
            folder_pictures(str(tmp_path / folder), 1)


def test_agreement_in_closed_form(card):
    tok = zoo.load(card)
    ids = torch.arange(8).view(2, 4)
    other = ids.clone()
    other[0, 1] += 1
    found = agreement(tok.tokens(ids), tok.tokens(other))
    assert found["share"] == 7 / 8
    assert found["per_position"] == [1, 0.5, 1, 1]
    assert found["up_to_position"] == [1, 0.5, 0.5, 0.5]
    assert (found["items"], found["items_equal"]) == (2, 1)
    assert (found["ids"], found["distinct_ids"]) == (8, 8)
    with pytest.raises(NotSupportedError, match="differ in length"):
        agreement(tok.tokens(ids), tok.tokens(ids[:, :3]))


def test_agreement_of_number_formats(card, tmp_path):
    for index, picture in enumerate(made_pictures(3, (40, 36))):
        zoo.Media("image", [picture]).save(tmp_path / f"{index}.png")
    job = Job("agreement", card, repeat=1, images=str(tmp_path), limit=2, prefix=4, batch=2)
    found = run(job)
    assert (found["items"], found["ids"], len(found["per_position"])) == (2, 8, 4)
    assert 0.5 <= found["share"] <= 1
    assert found["speedup"] > 0
    with pytest.raises(NotSupportedError, match="another dtype"):
        run(Job("agreement", card, other_dtype="float32"))


def test_every_part_of_flextok_is_measured(card, monkeypatch):
    monkeypatch.setattr("zoo.eval.speed.flops.MATMUL_SIDE", {"cpu": 256})
    rows = run(Job("parts", card, random_weights=True, batch=2, prefix=4, repeat=1))["parts"]
    flops = {row["part"]: row["gflop_per_call"] for row in rows}
    both = flops["decoder pass, 4 tokens"] + flops["decoder pass, unconditional"]
    assert both < flops["guided step, 4 tokens"] < 1.5 * both  # and its modulations
    assert flops["encoder, 4 tokens"] < flops["encoder, 16 tokens"]
    assert {"VAE encode", "VAE decode"} < set(flops)
    assert all(row["cpu_s_per_call"] > 0 and row["share_of_matmul_peak"] > 0 for row in rows)


def test_a_family_without_parts_says_so(card, monkeypatch):
    monkeypatch.setattr("zoo.eval.speed.parts.MODULE", "benchless")
    with pytest.raises(NotSupportedError, match="lists no parts"):
        family_parts(zoo.load(card), 1, None)


def test_a_verb_in_this_process(card, monkeypatch, tmp_path):
    monkeypatch.setattr("zoo.eval.speed.flops.MATMUL_SIDE", {"cpu": 256})
    path = str(tmp_path / "tokens.safetensors")
    options = {"steps": 2, "sample_posterior": True}  # each goes to its verb
    full = run(Job("encode", card, batch=3, repeat=1, options=options))
    few = run(Job("encode", card, batch=3, repeat=1, prefix=4, tokens=path, options=options))
    assert few["gflop_per_item"] < full["gflop_per_item"]
    assert zoo.Tokens.load(path).codes.shape == (3, 1, 4)
    decoded = run(Job("decode", card, batch=3, repeat=1, tokens=path, options=options))
    more = run(Job("decode", card, batch=3, repeat=1, prefix=4, options={"steps": 4}))
    assert decoded["gflop_per_item"] < more["gflop_per_item"]  # half the steps
    with pytest.raises(NotSupportedError, match="did you mean 'steps'"):
        run(Job("decode", card, options={"step": 2}))


@pytest.mark.parametrize("family", ["snac", "encodec-segments"])
def test_sounds_are_measured_too(family):
    path = Path(__file__).parent / "cards" / f"test-{family}.md"
    tok = load_random(path)
    media = made_media(tok, 2, 0.3)
    assert len(media) == 2
    job = Job("encode", str(path), random_weights=True, batch=2, seconds=0.3, repeat=1, threads=1)
    found = measure_verb(job)
    assert found["gflop_per_item"] > 0
    assert measure_verb(replace(job, kind="decode"))["items_per_s"] > 0
