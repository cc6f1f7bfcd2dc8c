"""What is done, one line per unit: appended, flushed to the disk, never rewritten.

A unit counts as done when its line is there and its files have the hashes that the line names. A
line that a crash cut off is no line. Each rank writes a journal of its own, all are read.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..files.checksum import sha256_of

FOLDER = "journal"


@dataclass(frozen=True)
class Record:
    """One finished unit."""

    unit: int
    rows: int
    errors: int
    ids: int
    bits: float
    bytes: int
    files: dict[str, str]  # name below the output folder -> sha256
    seconds: float = 0.0
    waited: float = 0.0

    def verified(self, folder: Path) -> bool:
        """Whether every file is there with its hash."""
        return all(_hash(folder / name) == mark for name, mark in self.files.items())


class Journal:
    """The journals of one output folder; this process appends to that of ``rank``."""

    def __init__(self, folder: Path, rank: int = 0) -> None:
        self.folder = folder
        self.path = folder / FOLDER / f"rank-{rank:05}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, record: Record) -> None:
        """Add a line; on return it is on the disk."""
        line = json.dumps(asdict(record), sort_keys=True, allow_nan=False)
        with self.path.open("ab") as file:
            if file.tell() and not _ends_line(self.path):
                file.write(b"\n")  # a crash left half a line: what follows must not join it
            file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())

    def records(self) -> Iterator[Record]:
        """Every whole line of every rank, oldest first within a rank."""
        for path in sorted(self.path.parent.glob("rank-*.jsonl")):
            for line in path.read_bytes().split(b"\n"):
                record = _parsed(line)
                if record is not None:
                    yield record

    def done(self) -> dict[int, Record]:
        """Units whose files are there as their last line says."""
        last = {record.unit: record for record in self.records()}
        return {unit: record for unit, record in last.items() if record.verified(self.folder)}


def _hash(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _parsed(line: bytes) -> Record | None:
    try:
        content: dict[str, Any] = json.loads(line)
        return Record(**content)
    except (ValueError, TypeError):
        return None
