"""Files that the page hands out: in a folder that goes with the process."""

import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

KEPT_SECONDS = 600  # Gradio copies a file to its own cache as soon as it is handed over


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="zoo-demo-")


def lasting_file(name: str) -> Path:
    """A path that stays as long as the process."""
    return Path(_kept().name) / name


def temporary_file(name: str) -> str:
    """A path of that name in a new folder; folders that were handed out long ago are removed."""
    for folder in Path(_kept().name).glob("out-*"):
        if time.time() - folder.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    return str(Path(tempfile.mkdtemp(prefix="out-", dir=_kept().name)) / name)
