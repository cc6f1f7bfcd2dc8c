"""Parquet, Arrow IPC and Feather files with media as bytes or paths in a column."""

import bisect
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from ...errors import MediaError
from ..needs import needs
from . import store
from .base import Entry, Shard, Source

SUFFIXES = (".parquet", ".arrow", ".feather")
USUAL = {  # the columns looked for where none is named
    "image": ("image", "img", "jpg", "png", "picture"),
    "audio": ("audio", "speech", "sound", "wav", "flac"),
    "video": ("video", "mp4", "clip"),
}


@dataclass(frozen=True)
class TableSource(Source):
    """Rows of Parquet, Arrow IPC or Feather files; the key is ``file#row``, or ``key_column``'s.

    A cell is the encoded bytes, a mapping with ``bytes`` or ``path`` as Hugging Face writes it,
    or a path.
    """

    kind: ClassVar[str] = "table"
    column: str | None = None
    key_column: str | None = None

    @property
    def keys_name_shards(self) -> bool:
        """Not where keys come from a column."""
        return self.key_column is None

    def shards(self) -> list[Shard]:
        """The table files."""
        found = [s for s in store.walk(self.place) if s.path.endswith(SUFFIXES)]
        if not found:
            raise MediaError(f"{self.place}: no Parquet or Arrow file below it")
        return found

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """One per row."""
        table = _opened(shard.path)
        media_column(table.names, self.column, self.modality, shard.path)
        name, start = store.relative(shard.path, self.place), 0
        for group in range(table.groups):
            rows = table.read(group, [self.key_column] if self.key_column else [])
            keys = rows.column(0).to_pylist() if self.key_column else [None] * table.rows(group)
            for row, key in enumerate(keys, start):
                yield Entry(f"{name}#{row}" if key is None else str(key), shard.path, row)
            start += len(keys)

    def read(self, entry: Entry) -> object:
        """The cell's media."""
        table = _opened(entry.path)
        column = media_column(table.names, self.column, self.modality, entry.path)
        return media_of(table.cell(entry.start, column), entry.path)


class _Table:
    """A Parquet or Arrow file by row groups, a few of which are kept."""

    def __init__(self, path: str) -> None:
        parquet, ipc = needs("pyarrow.parquet"), needs("pyarrow.ipc")
        pa = needs("pyarrow")
        self.path = path
        try:
            if path.endswith(".parquet"):
                self.file = parquet.ParquetFile(_parquet_source(path))
                self.groups = self.file.num_row_groups
                counts = [self.file.metadata.row_group(g).num_rows for g in range(self.groups)]
                self.names: list[str] = self.file.schema_arrow.names
            else:
                self.file = _open_ipc(ipc, pa, path)
                self.groups = self.file.num_record_batches
                counts = [self.file.get_batch(g).num_rows for g in range(self.groups)]
                self.names = self.file.schema.names
        except (OSError, pa.ArrowInvalid) as error:
            raise MediaError(
                f"{path}: damaged, or cut off while it was written ({error})"
            ) from error
        self.starts = [sum(counts[:g]) for g in range(self.groups + 1)]
        self._lock = threading.Lock()
        self._kept = lru_cache(maxsize=2)(self._column)

    def rows(self, group: int) -> int:
        return self.starts[group + 1] - self.starts[group]

    def read(self, group: int, columns: list[str]) -> Any:
        if unknown := [name for name in columns if name not in self.names]:
            raise MediaError(f"{self.path} has no column {unknown[0]!r}; it has {self.names}")
        if hasattr(self.file, "read_row_group"):
            return self.file.read_row_group(group, columns=columns)
        return self.file.get_batch(group).select(columns)

    def _column(self, group: int, name: str) -> Any:
        return self.read(group, [name]).column(0)

    def cell(self, row: int, column: str) -> object:
        group = bisect.bisect_right(self.starts, row) - 1
        with self._lock:  # threads ask for neighbours: one of them reads the group
            cells = self._kept(group, column)
        return cells[row - self.starts[group]].as_py()


def _parquet_source(path: str) -> Any:
    return store.open_file(path) if store.is_remote(path) else path


def _open_ipc(ipc: Any, pa: Any, path: str) -> Any:
    source = store.open_file(path) if store.is_remote(path) else pa.memory_map(path)
    return ipc.open_file(source)


def _opened(path: str) -> _Table:
    return _opened_as(path, 0 if store.is_remote(path) else store.size_of(path))


@lru_cache(maxsize=8)
def _opened_as(path: str, size: int) -> _Table:
    """Kept as long as the file has that size."""
    return _Table(path)


def media_column(names: list[str], asked: str | None, modality: str, where: str) -> str:
    """The column with the media; MediaError where none is it."""
    wanted = (asked,) if asked else USUAL[modality]
    found = [name for name in wanted if name in names]
    if not found:
        raise MediaError(
            f"{where} has columns {', '.join(names)}; none of them is {' or '.join(wanted)}: "
            "name the one with the media by --column"
        )
    return found[0]


def media_of(cell: object, where: str) -> object:
    """A cell as ``encode`` takes it; relative paths lie beside the table."""
    if isinstance(cell, Mapping):
        content, path = cell.get("bytes"), cell.get("path")
        cell = content if content is not None else path
    if cell is None:
        raise MediaError(f"{where}: the cell is empty")
    if isinstance(cell, str) and not os.path.isabs(cell) and not store.is_remote(cell):
        return store.read_range(Entry("", store.join(os.path.dirname(where), cell)))
    return store.read_range(Entry("", cell)) if isinstance(cell, str) else cell
