"""Commands that hand on what was asked: train, push, and those outside the core."""

import json
import sys
import warnings
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
from command_line import OFFICIAL, plain_cli  # noqa: F401
from tiny import CARD

from zoo.commands import COMMANDS, forward
from zoo.errors import NotSupportedError


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(cli, name):
    code, out, _ = cli(name, "--help")
    assert code == 0
    assert out.startswith(f"usage: zoo {name}")
    assert "--json" in out
    assert f"\n  {name} " in cli("--help")[1]


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
    assert "no recipe; pass --recipe FILE" in err
    code, _, err = cli("train", card, "--data", tmp_path / "none", "--recipe", "own.yaml")
    assert "no such folder" in err  # the card is no obstacle any more
    card.write_text(text.replace("id_revision: 1", "id_revision: 1\n  recipe: a/b.yaml"))
    assert "no such folder" in cli("train", card, "--data", tmp_path / "none")[2]
    words = ["--data", tmp_path, "--stage", "a", "--stage", "b", "--no-progress"]
    code, out, _ = cli("train", card, *words, "--out", tmp_path / "new" / "run", "--device", "cpu")
    assert code == 0
    assert out == "done: zoo.load('runs/learner')\n"
    assert asked == {
        "name": str(card),
        "data": tmp_path,
        "out": tmp_path / "new" / "run",  # folders above it are made, as those of runs/NAME are
        "device": "cpu",
        "stages": ["a", "b"],
        "start": None,
        "progress": False,
        "teacher": None,
        "recipe": None,
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
