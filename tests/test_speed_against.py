"""``zoo bench NAME --against OTHER``: two sides in turns in one process."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import random_flextok  # noqa: F401

from zoo.errors import NotSupportedError, UnknownTokenizerError
from zoo.eval.speed import main
from zoo.eval.speed.against import second
from zoo.eval.speed.arguments import parse
from zoo.eval.speed.job import Job
from zoo.eval.speed.report import against_text
from zoo.eval.speed.table import short
from zoo.eval.speed.worker import run


def test_two_sets_of_options_take_turns(card: str) -> None:
    job = Job("against", card, batch=2, repeat=2, threads=1, options={"steps": 1}, against=card)
    found = run(replace(job, other={"steps": 3, "prefix": 4}))
    assert [one["verb"] for one in found["against"]] == ["encode", "decode"]
    names = ["flextok-random (steps=1)", "flextok-random (steps=3, prefix 4)"]
    for one in found["against"]:
        assert [side["name"] for side in one["sides"]] == names
        assert all(side["items_per_s"] > 0 for side in one["sides"])
        shown = against_text(one)
        assert f"{names[1]} takes {short(one['ratio'])} times the processor time" in shown
    (only,) = run(replace(job, only="encode"))["against"]
    assert [side["name"] for side in only["sides"]] == [names[0], "flextok-random"]


def test_a_side_is_what_is_said_of_it(card: str, tmp_path: Path) -> None:
    job = Job("against", "one", prefix=4, options={"steps": 1}, against="two", dtype="bfloat16")
    assert second(job).options == {}
    other = second(replace(job, other={"dtype": "float32", "steps": 2, "prefix": None}))
    assert (other.name, other.dtype, other.prefix) == ("two", "float32", None)
    assert other.options == {"steps": 2}
    codec = str(Path(__file__).parent / "cards" / "test-codec.md")
    with pytest.raises(NotSupportedError, match=r"for image.*for audio"):
        run(Job("against", card, against=codec, other={"random_weights": True}))


def test_the_command(card: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [card, "--against", card, "--only", "encode", "--repeat", "1", "--threads", "1"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    sides = [side["name"] for side in report["against"][0]["sides"]]
    assert sides == ["flextok-random (1)", "flextok-random (2)"]
    assert report["verbs"] == []
    with pytest.raises(UnknownTokenizerError):
        main([card, "--against", "flextok-d12-d12-in1kk"])
    for words in (["--parts", "--against", card], ["--other", "steps=1"]):
        with pytest.raises(SystemExit):
            parse([card, *words])
