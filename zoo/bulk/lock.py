"""One writer per output folder and rank."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import ZooError


@contextmanager
def only_writer(folder: Path, rank: int) -> Iterator[None]:
    """Hold the folder; the lock ends with the process, however it ends.

    Raises:
        ZooError: where another process holds it.
    """
    path = folder / f".lock-{rank:05}"
    with path.open("w") as file:
        _take(file, folder, rank)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Wait for other ranks that are at the same place, then hold it."""
    with (folder / ".lock-listing").open("w") as file:
        _lock(file, wait=True)
        yield


def _take(file: IO[str], folder: Path, rank: int) -> None:
    try:
        _lock(file, wait=False)
    except OSError:
        raise ZooError(
            f"{folder} is being written by another process (rank {rank}); wait for it, or stop it"
        ) from None


def _lock(file: IO[str], *, wait: bool) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows: nothing to hold on to
        return
    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def remove_leftovers(folder: Path) -> None:
    """Temporary files of processes that were killed while they wrote."""
    for part in (folder, folder / "tokens", folder / "errors"):
        for path in part.glob(".zoo-*"):
            path.unlink(missing_ok=True)
