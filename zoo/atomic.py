"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it is synced and takes its place.

    On any error, a killed process included, ``path`` stays what it was. The temporary name keeps
    the suffix of ``path``, since some writers choose the format by it.

    Raises:
        OSError: if the folder does not exist or cannot be written; it names ``path``.
    """
    target = Path(path)
    temporary = target.with_name(f".zoo-{secrets.token_hex(4)}{target.suffix}")
    try:
        # Created here, with the permissions that the user's mask leaves, and never over another's.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(target)) from None
    mode = temporary.stat().st_mode
    try:
        yield temporary
        temporary.chmod(mode)  # some writers put a private file in its place
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
