"""Files that the page hands out: in a folder that goes with the process."""

import tempfile
from functools import cache
from pathlib import Path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="zoo-demo-")


def temporary_file(name: str) -> str:
    """A path of that name in a new folder; Gradio copies what is there to its own cache."""
    return str(Path(tempfile.mkdtemp(dir=_folder().name)) / name)
