"""One writer per output folder and rank."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


def _take(file: object, folder: Path, rank: int) -> None:
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows: nothing to hold on to
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # pyright: ignore[reportArgumentType]
    except OSError:
        raise ZooError(
            f"{folder} is being written by another process (rank {rank}); wait for it, or stop it"
        ) from None


def remove_leftovers(folder: Path) -> None:
    """Temporary files of processes that were killed while they wrote."""
    for part in (folder, folder / "tokens", folder / "errors"):
        for path in part.glob(".zoo-*"):
            path.unlink(missing_ok=True)
