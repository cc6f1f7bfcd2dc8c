"""Files that appear whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it is synced and takes its place.

    On any error, a killed process included, ``path`` stays what it was. The temporary name keeps
    the suffix of ``path``, since some writers choose the format by it.
    """
    target = Path(path)
    handle, name = tempfile.mkstemp(prefix=".zoo-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes 0600; a saved file follows the user's mask
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
