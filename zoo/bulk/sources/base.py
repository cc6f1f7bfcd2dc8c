"""What a source is: shards in a stable order, entries in a stable order, bytes by entry."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple


class Shard(NamedTuple):
    """One file that holds entries, or is one: what a re-run checks before it trusts a listing."""

    path: str
    size: int  # bytes; -1 where the store does not tell


class Entry(NamedTuple):
    """One item: its name, which stays the same, and where its media lie."""

    key: str
    path: str
    start: int = 0  # of a tar: the first byte; of a table: the row
    size: int = -1  # bytes; -1: all there are


@dataclass(frozen=True)
class Source(ABC):
    """Media of one modality at ``place``. Holds no open files: it is pickled to workers."""

    place: str
    modality: str
    kind: ClassVar[str]
    file_per_item: ClassVar[bool] = False
    """Whether an entry is a whole file, whose size it knows: then no list of files is kept."""

    @property
    def keys_name_shards(self) -> bool:
        """Whether keys of different shards differ by how they are made."""
        return True

    @abstractmethod
    def shards(self) -> Iterable[Shard]:
        """Every file, sorted; MediaError where there is none."""

    @abstractmethod
    def entries(self, shard: Shard) -> Iterator[Entry]:
        """The entries of one shard, in a stable order; MediaError for a damaged one."""

    @abstractmethod
    def read(self, entry: Entry) -> object:
        """The media of one entry, as ``encode`` takes it; may be called from many threads.

        Raises:
            MediaError: for what is gone or cannot be read.
        """
