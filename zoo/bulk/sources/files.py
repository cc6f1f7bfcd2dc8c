"""A folder tree, or a text file that lists files: one file is one item."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ...errors import MediaError
from ...media.kinds import suffixes_of
from . import store
from .base import Entry, Shard, Source


@dataclass(frozen=True)
class FolderSource(Source):
    """Every file below a folder whose suffix is one of the modality; its path there is the key."""

    kind: ClassVar[str] = "folder"
    file_per_item: ClassVar[bool] = True

    def shards(self) -> Iterator[Shard]:
        """The media files, as they are found: a tree of any size fits."""
        known, found = suffixes_of(self.modality), False
        for shard in store.walk(self.place):
            if os.path.splitext(shard.path)[1].lower() in known:
                found = True
                yield shard
        if not found:
            raise MediaError(f"{self.place}: no {self.modality} file below it")

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """The file itself."""
        yield Entry(store.relative(shard.path, self.place), shard.path, 0, shard.size)

    def read(self, entry: Entry) -> bytes:
        """The encoded bytes."""
        return store.read_range(entry)


@dataclass(frozen=True)
class ListSource(Source):
    """A text file of paths or addresses, one a line; relative ones lie beside it.

    The line is the key; empty lines and lines that begin with # are skipped.
    """

    kind: ClassVar[str] = "list"

    def shards(self) -> list[Shard]:
        """The list."""
        return [Shard(self.place, store.size_of(self.place))]

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """One per line."""
        base = shard.path.replace(os.sep, "/").rpartition("/")[0]
        content = store.read_range(Entry("", shard.path))
        try:
            lines = content.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise MediaError(f"{shard.path} is no list of files in UTF-8: {error}") from error
        for line in (text.strip() for text in lines):
            if line and not line.startswith("#"):
                apart = store.is_remote(line) or os.path.isabs(line) or not base
                yield Entry(line, line if apart else store.join(base, line))

    def read(self, entry: Entry) -> bytes:
        """The encoded bytes."""
        return store.read_range(entry)
