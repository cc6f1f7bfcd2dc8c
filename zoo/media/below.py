"""All files below a folder, links to folders followed."""

import os
from collections.abc import Iterator

from ..errors import MediaError


def files_below(folder: str) -> Iterator[str]:
    """Paths in the order of their names, one folder held at a time.

    A link back to a folder that it lies in is left out.

    Raises:
        MediaError: for a folder that cannot be read, which must not look like an empty one.
    """
    return _below(folder.rstrip("/") or "/", frozenset())


def _below(folder: str, above: frozenset[str]) -> Iterator[str]:
    """A name's place is the one that its whole path would get."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        with os.scandir(folder) as found:
            names = sorted(entry.name + "/" * os.path.isdir(entry.path) for entry in found)
    except OSError as error:
        raise MediaError(f"{error.filename} cannot be listed: {error.strerror}") from error
    for name in names:
        path = os.path.join(folder, name.removesuffix("/"))
        if name.endswith("/"):
            yield from _below(path, above | {real})
        elif os.path.isfile(path):
            yield path
