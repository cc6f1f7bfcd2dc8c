"""Chunks of a run on disk, so that a killed run goes on where it was."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from zoo.atomic import atomic_write
from zoo.errors import ZooError
from zoo.tensor_file import write_tensors

from .chunk import Chunk

HEADER = "run.json"


class Journal:
    """The finished chunks of one run, by index: one file each, whole or absent.

    Without a folder they stay in memory, and nothing can be resumed.
    """

    def __init__(self, folder: Path | None, header: Mapping[str, Any]) -> None:
        """Open or make the journal of the run that ``header``, plain JSON, describes.

        Raises:
            ZooError: if the folder holds another run, naming what differs.
        """
        self.folder = folder
        self._memory: dict[int, Chunk] = {}
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / HEADER
        if path.exists():
            _same_run(json.loads(path.read_text(encoding="utf-8")), header, folder)
        else:
            with atomic_write(path) as temporary:
                temporary.write_text(json.dumps(header, indent=1), encoding="utf-8")

    def read(self, index: int) -> Chunk | None:
        """A finished chunk, or None where it has to be measured."""
        if self.folder is None:
            return self._memory.get(index)
        path = self._path(index)
        if not path.exists():
            return None
        try:
            with safe_open(path, "pt") as file:
                plain = json.loads(file.metadata()["chunk"])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, KeyError, ValueError) as error:
            raise ZooError(f"{path} is damaged ({error}); delete it and run again") from error
        counts = {
            name: Counter({int(key): times for key, times in found.items()})
            for name, found in plain.pop("counts").items()
        }
        return Chunk(**plain, arrays=arrays, counts=counts)

    def write(self, index: int, chunk: Chunk) -> None:
        """Keep a finished chunk.

        Raises:
            OSError: if it cannot be written.
        """
        if self.folder is None:
            self._memory[index] = chunk
            return
        plain = {name: getattr(chunk, name) for name in ("rows", "failures", "counts", "seconds")}
        tensors = {name: array.contiguous() for name, array in chunk.arrays.items()}
        write_tensors(tensors, self._path(index), {"chunk": json.dumps(plain)})

    def remove(self) -> None:
        """Delete it: the result is written."""
        if self.folder is not None:
            shutil.rmtree(self.folder)

    def _path(self, index: int) -> Path:
        assert self.folder is not None
        return self.folder / f"{index:06}.safetensors"


def _same_run(found: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    wanted = json.loads(json.dumps(wanted))
    differing = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    if differing:
        raise ZooError(
            f"{folder} holds the beginning of another run (other {', '.join(differing)}); "
            "delete that folder or write to another file"
        )
