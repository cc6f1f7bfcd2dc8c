"""The command line when something is wrong: exit codes, and one line that says what."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import OFFICIAL, ROOT, plain_cli, shell  # noqa: F401
from tiny import CARD

import zoo


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["lst"],
        ["--bundled"],
        ["show"],
        ["show", "a", "b"],
        ["list", "--bund"],  # no guessing: another option may begin so tomorrow
        ["encode", "x", "y", "-o", "z", "--prefix", "1", "--bitrate", "2"],
        ["encode", "x", "y", "-o", "z", "--prefix", "0"],
        ["encode", "x", "y", "-o", "z", "--bitrate", "nan"],
        ["encode", "x", "y", "-o", "z", "--option", "steps"],
        ["encode", "x", "y"],
        ["reconstruct", "-o", "g.png", "--prefix", "1,,4"],
    ],
)
def test_usage_errors(cli, words):
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: zoo")


def test_failures_are_one_line_for_people_and_an_object_for_machines(cli):
    code, out, err = cli("show", OFFICIAL[:-1])
    assert (code, out) == (1, "")
    assert err.startswith("zoo: error: ")
    assert err.count("\n") == 1
    assert repr(OFFICIAL) in err  # the near name
    code, out, err = cli("show", OFFICIAL[:-1], "--json")
    error = json.loads(out)["error"]
    assert error["type"] == "UnknownTokenizerError"
    assert err == f"zoo: error: {error['message']}\n"
    for words in (["--debug", "show", "none"], ["show", "none", "--debug"]):
        code, _, err = cli(*words)
        assert code == 1
        assert "Traceback" in err
        assert err.splitlines()[-1].startswith("zoo: error: ")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "zoo: interrupted\n"),
        (OSError(28, "No space left on device", "a.png"), 1, "a.png: No space left on device\n"),
        (PermissionError(13, "Permission denied"), 1, "zoo: error: Permission denied\n"),
        (RuntimeError("out of memory\nlong story"), 1, "RuntimeError: out of memory (--debug"),
        (ValueError(), 1, "ValueError: no message"),
    ],
)
def test_whatever_happens_has_a_code_and_a_line(cli, monkeypatch, error, code, said):
    def fail(args: object) -> None:
        raise error

    monkeypatch.setattr("zoo.commands.list.run", fail)
    found, _, err = cli("list")
    assert found == code
    assert said in err
    assert "Traceback" not in err


def test_as_a_program():
    done = shell("--version")
    assert (done.returncode, done.stdout) == (0, f"zoo {zoo.__version__}\n")
    done = shell("show", "none-such", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["type"] == "UnknownTokenizerError"
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_early():
    late = f"(sleep 0.3; {shlex.quote(sys.executable)} -m zoo list; echo $? >&2) | true"
    done = subprocess.run(["bash", "-c", late], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == "141\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_output_that_cannot_be_written():
    full = f"{shlex.quote(sys.executable)} -m zoo list > /dev/full; echo $? >&2"
    done = subprocess.run(["bash", "-c", full], cwd=ROOT, capture_output=True, text=True)
    said, code = done.stderr.splitlines()
    assert said.startswith("zoo: error: ")
    assert said.endswith("No space left on device")
    assert code == "1"


def test_names_that_a_terminal_cannot_show(tmp_path):
    card = tmp_path / "model.md"
    card.write_text(CARD.format(name="model") + "\u2603")
    folder = tmp_path / "\u2603 snow"
    folder.mkdir()
    card.rename(folder / "model.md")
    done = shell("show", str(folder), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "\\u2603 snow" in done.stdout
