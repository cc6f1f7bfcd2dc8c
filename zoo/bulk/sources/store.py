"""Local and remote files by one name: ``photos/``, ``s3://bucket/photos``, ``hf://datasets/...``.

Remote ones go through fsspec, so whatever it has a package for works.
"""

import os
import posixpath
from collections.abc import Iterator
from typing import Any

from ...errors import MediaError
from ...media.below import files_below
from ..needs import needs
from .base import Entry, Shard


def is_remote(place: str) -> bool:
    """Whether ``place`` names a store rather than a local path."""
    return "://" in place


def walk(place: str) -> Iterator[Shard]:
    """Every file below ``place``, or ``place`` itself, sorted by name; hidden ones are left out.

    Links are followed, but not back into a folder that they lie in.

    Raises:
        MediaError: for a place that is not there or cannot be listed.
    """
    found = _walk_remote(place) if is_remote(place) else _walk_local(place)
    return (shard for shard in found if not _hidden(shard.path, place))


def read_range(entry: Entry) -> bytes:
    """The bytes of one entry; MediaError where they are not (all) there."""
    try:
        if is_remote(entry.path):
            content = _read_remote(entry)
        else:
            with open(entry.path, "rb") as file:
                file.seek(entry.start)
                content = file.read(entry.size)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"{entry.path} cannot be read: {reason}") from error
    if entry.size >= 0 and len(content) < entry.size:
        raise MediaError(
            f"{entry.path} ends {entry.size - len(content)} bytes before its member does: it was "
            "cut off or replaced since it was listed"
        )
    return content


def size_of(path: str) -> int:
    """Bytes of a file now; -1 where it is gone."""
    try:
        if is_remote(path):
            system, inner = _system(path)
            return int(system.info(inner).get("size") or -1)
        return os.stat(path).st_size
    except OSError:
        return -1


def open_file(path: str) -> Any:
    """A seekable binary file object."""
    try:
        if is_remote(path):
            system, inner = _system(path)
            return system.open(inner, "rb")
        return open(path, "rb")
    except OSError as error:
        raise MediaError(f"{path} cannot be opened: {error.strerror or error}") from error


def join(folder: str, name: str) -> str:
    """A name inside a folder of either kind."""
    return posixpath.join(folder, name) if is_remote(folder) else os.path.join(folder, name)


def relative(path: str, place: str) -> str:
    """The name of a file below ``place``, with forward slashes; of ``place`` itself its own."""
    base = place.rstrip("/")
    if path == base:
        return posixpath.basename(base.replace(os.sep, "/"))
    return path[len(base) :].lstrip("/" + os.sep).replace(os.sep, "/")


def _walk_local(place: str) -> Iterator[Shard]:
    if os.path.isfile(place):
        return iter([Shard(place, os.stat(place).st_size)])
    if not os.path.isdir(place):
        raise MediaError(f"{place}: no such folder or file")
    return (Shard(path, size_of(path)) for path in files_below(place))


def _walk_remote(place: str) -> Iterator[Shard]:
    system, inner = _system(place)
    scheme = place.split("://", 1)[0]
    try:
        found = system.find(inner, detail=True)
    except Exception as error:  # stores raise what their packages raise
        raise MediaError(f"{place} cannot be listed: {error}") from error
    if not found:
        raise MediaError(f"{place}: no such folder or file")
    return iter(
        sorted(
            Shard(
                f"{scheme}://{path.lstrip('/') if scheme != 'file' else path}",
                info.get("size") or -1,
            )
            for path, info in found.items()
        )
    )


def _read_remote(entry: Entry) -> bytes:
    system, inner = _system(entry.path)
    if entry.size < 0:
        return system.cat_file(inner)
    return system.cat_file(inner, start=entry.start, end=entry.start + entry.size)


def _system(path: str) -> tuple[Any, str]:
    core = needs("fsspec.core")
    try:
        return core.url_to_fs(path)
    except (ImportError, ValueError) as error:  # fsspec names the package that is missing
        raise MediaError(f"{path}: {error}") from error


def _hidden(path: str, place: str) -> bool:
    return any(part.startswith(".") for part in relative(path, place).split("/"))
