"""Is this file the one that the card means? Hashed once, remembered by size and time."""

import errno
import hashlib
import json
import os
from pathlib import Path

from ..atomic import atomic_write
from ..errors import CheckpointCorruptError

CACHE_ENV = "ZOO_CACHE"
_SMALL = 16 << 20  # hashing 16 MiB takes about 10 ms: not worth a note


def cache_dir() -> Path:
    """Where downloads from urls and notes about verified files are kept."""
    return Path(os.environ.get(CACHE_ENV) or "~/.cache/tokenizer-zoo").expanduser()


def sha256_of(path: str | os.PathLike[str]) -> str:
    """The file's sha256 as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, sha256: str, remedy: str) -> None:
    """Check a file against its hash; a large one only once, as long as it is untouched.

    Raises:
        CheckpointCorruptError: with both hashes and ``remedy``.
    """
    stat = path.stat()
    note = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": sha256}
    marker = _marker(path)
    if stat.st_size > _SMALL and _read(marker) == note:
        return
    found = sha256_of(path)
    if found != sha256:
        raise CheckpointCorruptError(
            f"{path} ({stat.st_size} bytes) is not the file that the card means: its sha256 is "
            f"{found}, the card says {sha256}. {remedy}"
        )
    if stat.st_size > _SMALL:
        _remember(marker, note)


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or one that caused it, says that a disk or quota is full."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _marker(path: Path) -> Path:
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    return cache_dir() / "verified" / f"{name}.json"


def _read(marker: Path) -> object:
    try:
        return json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _remember(marker: Path, note: dict[str, object]) -> None:
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(marker) as temporary:
            temporary.write_text(json.dumps(note), encoding="utf-8")
    except OSError:
        pass  # a read-only home costs a second hashing, nothing else
