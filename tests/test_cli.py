"""The command line: what it prints, its exit codes, and that facts come without torch."""

import json
import os
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
from tiny import CARD

import zoo
from zoo.cli import main
from zoo.commands import COMMANDS, forward
from zoo.errors import NotSupportedError

ROOT = Path(__file__).parent.parent
OFFICIAL = "flextok-d18-d28-dfn"
HEAVY = ("torch", "diffusers", "huggingface_hub", "safetensors", "PIL", "numpy", "tqdm")

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run ``zoo`` in this process; gives exit code, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def shell(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zoo", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **settings}
    )


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "flextok-*", "--modality", "image", "--json"],
        ["list", "--markdown"],
        ["show", OFFICIAL],
        ["--version"],
        ["--help"],
        ["encode", "--help"],
        ["encode", OFFICIAL, "there/is/none.png", "-o", "tokens.safetensors"],
    ],
)
def test_answers_about_facts_load_nothing_heavy(words):
    code = (
        f"import sys; from zoo.cli import main; main({words!r})\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_list(cli):
    code, out, _ = cli("list")
    heading, *rows = out.splitlines()
    assert code == 0
    assert heading.split() == [
        "name",
        "modality",
        "tokens",
        "bits",
        "vocabulary",
        "weights",
        "licence",
    ]
    assert [row.split()[0] for row in rows] == zoo.list_models()
    column = heading.index("modality")  # aligned: every row has its own just below
    assert {row[column - 1 :].split()[0] for row in rows} <= {"image", "audio", "video"}
    assert {row[column - 1] for row in rows} == {" "}
    assert not any(row.endswith(" ") for row in rows)


def test_list_filters(cli):
    assert cli("list", "d18-d28-DFN".lower())[1].count("\n") == 2  # a part of the name will do
    assert cli("list", "flextok-d18-*")[1].count("\n") >= 3
    code, out, err = cli("list", "nothing-like-this")
    assert (code, out) == (0, "")
    assert "no checkpoint fits" in err
    assert json.loads(cli("list", "nothing-like-this", "--json")[1]) == {"models": []}
    assert OFFICIAL not in cli("list", "--bundled")[1]
    assert cli("list", "--modality", "smell")[0] == 2


def test_list_json_and_markdown(cli):
    models = json.loads(cli("list", "--json")[1])["models"]
    (official,) = (model for model in models if model["name"] == OFFICIAL)
    assert official["vocab_sizes"] == [64000]
    assert official["aliases"] == ["flextok"]
    assert official["bundled"] is official["open_license"] is official["pinned"] is False
    assert cli("list", "--markdown")[1].startswith("| name | modality |")


def test_show(cli):
    code, out, _ = cli("show", "flextok")  # an alias
    assert code == 0
    assert out.startswith(f"{OFFICIAL}\n")
    for fact in ("apple-amlr", "not pinned", "256: 4087", "vocabulary 64000", "arxiv.org"):
        assert fact in out
    facts = json.loads(cli("show", "flextok", "--json")[1])
    assert facts["name"] == OFFICIAL
    assert facts["prefix_bits"]["256"] == pytest.approx(4087.2, abs=0.1)
    assert facts["source"][0]["pinned"] is False


def test_show_options(cli):
    _, out, _ = cli("show", OFFICIAL, "--options")
    assert "guidance_scale" in out
    options = json.loads(cli("show", OFFICIAL, "--options", "--json")[1])["options"]
    (steps,) = (option for option in options if option["name"] == "steps")
    assert (steps["verb"], steps["kind"], steps["default"]) == ("decode", "int", 20)


AUDIO = """\
  input: {modality: audio, sample_rate: 24000, channels: 1}
  tokens:
    order: time
    vocab_sizes: {size: 1024, slots: 8}
    prefixes: {axis: slot, unit: codebooks, sizes: [2, 4, 8]}
    hop: 320
    sample_rate: 24000
"""


def test_a_codec_is_described_in_its_own_terms(cli, tmp_path, monkeypatch):
    text = CARD.format(name="codec")
    start, stop = text.index("  input:"), text.index("  dtypes:")
    (tmp_path / "codec.md").write_text(text[:start] + AUDIO + text[stop:])
    monkeypatch.setenv("ZOO_CARDS", str(tmp_path))
    _, out, _ = cli("show", "codec")
    assert "24000 Hz, mono" in out
    assert "bit/s at 2: 1500, 4: 3000, 8: 6000" in out
    assert "1024 x 8" in cli("list", "codec")[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(cli, name):
    code, out, _ = cli(name, "--help")
    assert code == 0
    assert out.startswith(f"usage: zoo {name}")
    assert "--json" in out
    assert f"\n  {name} " in cli("--help")[1]


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


def test_train(cli, tmp_path, monkeypatch):
    card = tmp_path / "learner.md"
    text = CARD.format(name="learner")
    card.write_text(text)
    asked = {}

    def train(name: str, data: Path, out: Path | None, **more: object) -> Path:
        asked.update(more, name=name, data=data, out=out)
        return Path("runs/learner")

    module = ModuleType("zoo.train.run")
    module.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zoo.train.run", module)
    code, _, err = cli("train", card, "--data", tmp_path)
    assert code == 1
    assert "no recipe" in err
    card.write_text(text.replace("id_revision: 1", "id_revision: 1\n  recipe: a/b.yaml"))
    assert "no such folder" in cli("train", card, "--data", tmp_path / "none")[2]
    words = ["--data", tmp_path, "--stage", "a", "--stage", "b", "--no-progress"]
    code, out, _ = cli("train", card, *words, "--out", tmp_path / "run", "--device", "cpu")
    assert code == 0
    assert out == "done: zoo.load('runs/learner')\n"
    assert asked == {
        "name": str(card),
        "data": tmp_path,
        "out": tmp_path / "run",
        "device": "cpu",
        "stages": ["a", "b"],
        "start": None,
        "progress": False,
        "teacher": None,
    }


@pytest.mark.filterwarnings("always")
def test_push(cli, monkeypatch):
    asked = []

    def push(name: str, repo: str, *, private: bool | None) -> str:
        asked.append((name, repo, private))
        warnings.warn("check the licence", stacklevel=2)
        return "https://hub/commit/1"

    monkeypatch.setattr("zoo.publish.push", push)
    code, out, err = cli("push", OFFICIAL, "me/mine")
    assert (code, out, err) == (0, "https://hub/commit/1\n", "zoo: warning: check the licence\n")
    _, out, _ = cli("push", OFFICIAL, "me/mine", "--private", "--json")
    assert json.loads(out) == {"repo": "me/mine", "commit": "https://hub/commit/1"}
    assert asked == [(OFFICIAL, "me/mine", None), (OFFICIAL, "me/mine", True)]


def test_commands_outside_the_core_get_their_words_as_they_are(cli, monkeypatch):
    seen = []
    module = ModuleType("zoo.eval.speed")
    module.__spec__ = ModuleSpec("zoo.eval.speed", None)
    module.main = seen.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "zoo.eval.speed", module)
    assert cli("bench", "--help", "x", "--steps=3", "--", "-y", "--debug")[0] == 0
    assert seen == [["--help", "x", "--steps=3", "--", "-y"]]
    module.main = lambda words: 3  # type: ignore[attr-defined]
    assert cli("bench")[0] == 3
    assert "\n  bench " in cli("--help")[1]
    monkeypatch.setitem(forward.FORWARDED, "bench", ("zoo.eval.none_such", ""))
    code, _, err = cli("bench")
    assert code == 1
    assert "not part of this installation" in err
    assert "bench" not in cli("--help")[1]


def test_a_missing_optional_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "wants_more.py").write_text("import no_such_package\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NotSupportedError, match=r"no_such_package: pip install .*\[train\]"):
        forward.reach("wants_more", "main", "zoo train", "train")
