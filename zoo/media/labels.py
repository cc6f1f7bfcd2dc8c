"""The class of a media file: what a tar's ``.cls`` member says, else its folder's name."""

import tarfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from ..errors import MediaError
from .listing import Entry


def classes_of(entries: Iterable[Entry]) -> list[str]:
    """A class name per entry: of a tar's member KEY.jpg what KEY.cls holds, else the folder's name.

    Raises:
        MediaError: for a tar's member without a class.
    """
    members: dict[Path, dict[str, str]] = {}
    found = []
    for entry in entries:
        if not entry.member:
            found.append(entry.path.parent.name)
            continue
        if entry.path not in members:
            members[entry.path] = _cls_members(entry.path)
        key = _key(entry.member)
        if key not in members[entry.path]:
            raise MediaError(f"{entry.label}: the tar has no member {key}.cls with its class")
        found.append(members[entry.path][key])
    return found


def _cls_members(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        return {
            _key(info.name): content.read().decode("utf-8", "replace").strip()
            for info in archive
            if info.name.endswith(".cls") and (content := archive.extractfile(info)) is not None
        }


def _key(member: str) -> str:
    """WebDataset's: the member's name up to the first dot of its last part."""
    path = PurePosixPath(member)
    return str(path.with_name(path.name.partition(".")[0]))
