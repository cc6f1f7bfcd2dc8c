"""WebDataset tar shards: members ``KEY.jpg`` of ``shard-000.tar``, read by their place in it."""

import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ...errors import MediaError
from ...media.kinds import members_of
from . import store
from .base import Entry, Shard, Source

END = 1024  # bytes: two empty blocks
COUNTS = "sizes.json"  # WebDataset's own place for the number of samples of each shard


@dataclass(frozen=True)
class TarSource(Source):
    """Every member of every ``.tar`` file whose suffix is one of the modality.

    A shard that was cut off is an error: a tar file ends with empty blocks, and where a
    ``sizes.json`` beside it gives the number of its samples, they are counted.
    """

    kind: ClassVar[str] = "tar"

    def shards(self) -> list[Shard]:
        """The tar files."""
        found = list(store.walk(self.place))
        if packed := [s.path for s in found if s.path.endswith((".tar.gz", ".tgz", ".tar.zst"))]:
            raise MediaError(
                f"{packed[0]}: members of a compressed tar cannot be reached; decompress it first"
            )
        found = [shard for shard in found if shard.path.endswith(".tar")]
        if not found:
            raise MediaError(f"{self.place}: no tar file below it")
        return found

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """The members that are media; the key is ``shard.tar/member`` without its suffix."""
        name = store.relative(shard.path, self.place)
        files = [info for info in _members(shard) if info.isfile()]
        found = [
            Entry(
                f"{name}/{os.path.splitext(files[at].name)[0]}",
                shard.path,
                files[at].offset_data,
                files[at].size,
            )
            for at in members_of([info.name for info in files], self.modality)
        ]
        expected = _expected(shard.path)
        if expected is not None and expected != len(found):
            raise MediaError(
                f"{shard.path} holds {len(found)} samples, but {COUNTS} beside it says {expected}; "
                "it was cut off, or the two do not belong together"
            )
        yield from found

    def read(self, entry: Entry) -> bytes:
        """The encoded bytes."""
        return store.read_range(entry)


def _members(shard: Shard) -> Iterator[tarfile.TarInfo]:
    """Members of a whole tar file; MediaError for one that is damaged or cut off."""
    with store.open_file(shard.path) as file:
        size = file.seek(0, os.SEEK_END)
        # A tar cut off between two members reads as a shorter one: only its end tells.
        file.seek(max(0, size - END))
        if any(file.read(END)) or size < END:
            raise MediaError(f"{shard.path} was cut off: the empty blocks at its end are missing")
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                yield from archive
        except (tarfile.TarError, OSError) as error:
            raise MediaError(f"{shard.path}: a damaged tar file ({error})") from error


def _expected(path: str) -> int | None:
    """The number of samples that a count beside the shard gives, or None."""
    folder, _, name = path.replace(os.sep, "/").rpartition("/")
    place = store.join(folder, COUNTS) if folder else COUNTS
    if store.size_of(place) < 0:
        return None
    try:
        count = json.loads(store.read_range(Entry("", place))).get(name)
    except (ValueError, AttributeError) as error:
        raise MediaError(f"{place} is no table of shard sizes: {error}") from error
    return count if isinstance(count, int) else None
