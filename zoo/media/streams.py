"""Encoded media wherever they lie - a path, bytes, a file object - as a binary stream."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from ..errors import MediaError


def is_encoded(value: object) -> bool:
    """Whether ``value`` is a path, bytes or a file object."""
    known = (str, os.PathLike, bytes, bytearray, memoryview)
    return isinstance(value, known) or callable(getattr(value, "read", None))


@contextmanager
def open_stream(value: object) -> Iterator[BinaryIO]:
    """A seekable stream of what ``is_encoded`` accepts, at its start; never empty."""
    if isinstance(value, (str, os.PathLike)):
        with _open_file(Path(os.fsdecode(value))) as stream:
            yield stream
        return
    given = isinstance(value, (bytes, bytearray, memoryview))
    data = value if given else _read(value)
    if len(data) == 0:
        hint = "" if given else " (is the file object at its end? then seek(0))"
        raise MediaError(f"0 bytes are no file{hint}")
    yield BytesIO(data)


def _open_file(path: Path) -> BinaryIO:
    try:
        stream = path.open("rb")
        if os.fstat(stream.fileno()).st_size == 0:
            stream.close()
            raise MediaError("the file is empty (0 bytes)")
        return stream
    except FileNotFoundError as error:
        url = str(path).startswith(("http:", "https:"))
        hint = " (an address is not fetched: download it, then pass path or bytes)" if url else ""
        raise MediaError(f"no such file{hint}") from error
    except IsADirectoryError as error:
        raise MediaError("a folder; pass one of its files, or a list of them") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise MediaError(
            f"cannot be opened ({getattr(error, 'strerror', None) or error})"
        ) from error


def _read(stream: object) -> bytes:
    try:
        data = stream.read()  # pyright: ignore[reportAttributeAccessIssue]
    except (OSError, ValueError) as error:
        raise MediaError(f"the file object cannot be read ({error})") from error
    if not isinstance(data, bytes):
        raise MediaError(f"the file object gives {type(data).__name__}; open it in binary mode")
    return data
