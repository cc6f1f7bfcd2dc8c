"""``zoo bench``: fresh processes, what it prints, and words that make no sense."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import random_flextok  # noqa: F401

import zoo
from zoo.errors import TokenError, UnknownTokenizerError
from zoo.eval.speed import main, upstream, worker
from zoo.eval.speed.arguments import parse
from zoo.eval.speed.job import Job
from zoo.eval.speed.launch import in_fresh_process
from zoo.eval.speed.report import text
from zoo.eval.speed.table import aligned, short


def test_the_command_measures_in_fresh_processes(card, capsys):
    words = [card, "--only", "encode", "--repeat", "1", "--threads", "1", "--prefix", "4"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["name"] == "flextok-random"
    assert report["machine"]["threads"] == 1
    (row,) = report["verbs"]
    assert row["cpu_s_per_item"] > 0
    assert row["peak_mib"] > row["work_mib"] >= 0
    shown = text(report)
    assert "encode" in shown
    assert "1 thread," in shown


def test_an_unknown_name_fails_at_once(monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    with pytest.raises(UnknownTokenizerError, match="flextok-d12"):
        main(["flextok-d12-d12-in1kk"])


def test_errors_and_warnings_come_back_from_the_other_process(card, monkeypatch, capsys):
    def here(command, **_):
        worker.main(*command[-2:])
        return subprocess.CompletedProcess(command, 0, stdout=None, stderr="a licence\n")

    monkeypatch.setattr(subprocess, "run", here)
    said: set[str] = set()
    for _ in range(2):
        with pytest.raises(TokenError, match="17"):
            in_fresh_process(Job("encode", card, prefix=17), said)
    assert capsys.readouterr().err == "a licence\n"  # once


def test_a_worker_that_dies_is_explained(monkeypatch):
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda *a, **k: subprocess.CompletedProcess([], -9, stdout=None, stderr=""),
    )
    with pytest.raises(zoo.ZooError, match="killed by signal 9.*smaller --batch than 64"):
        in_fresh_process(Job("encode", "x", batch=64), set())


@pytest.mark.parametrize(
    "words",
    [
        ["--batch", "0"],
        ["--batch", "1,x"],
        ["--option", "steps"],
        ["--images", "d"],
        ["--parts", "--only", "encode"],
    ],
)
def test_senseless_words_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(["flextok", *words])
    assert stop.value.code == 2
    assert "error" in capsys.readouterr().err


def test_options_keep_their_types():
    given = parse(
        ["x", "--option", "a=2", "--option", "b=0.5", "--option", "c=true", "--option", "d=w"]
    )
    assert dict(given.option) == {"a": 2, "b": 0.5, "c": True, "d": "w"}


def test_tables_line_up():
    assert aligned(("a", "bb"), [("long", "1")]).splitlines() == [
        "a     bb",
        "--------",
        "long   1",
    ]
    shown = [short(v) for v in (0, 0.00001234, 0.01234, 1.234, 123.4, 98765.4)]
    assert shown == ["0", "1.23e-05", "0.0123", "1.23", "123", "98765"]


def test_asking_for_help_loads_no_torch():
    code = (
        "import sys\nfrom zoo.eval.speed import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\nprint('torch' in sys.modules)"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_a_family_without_a_known_package_is_refused_at_once(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["upstream", "dac-24khz"])
    with pytest.raises(SystemExit):
        upstream.main()
    assert "is of family dac; packages are known of: snac" in capsys.readouterr().err
