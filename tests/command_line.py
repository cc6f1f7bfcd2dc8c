"""``zoo`` in tests: in this process (the fixture ``cli``), and as a program."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo.cli import main

ROOT = Path(__file__).parent.parent
OFFICIAL = "flextok-d18-d28-dfn"

Cli = Callable[..., tuple[int, str, str]]


def in_this_process(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run ``zoo`` here; gives exit code, stdout and stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(name="cli")
def plain_cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return in_this_process(capsys)


def shell(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "zoo", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **settings}
    )
