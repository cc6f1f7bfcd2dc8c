"""The listing of a source, made once: every item with a stable key, in Parquet.

It fixes which items there are and in which unit each is, so that a run can stop anywhere, and
several processes agree without talking.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from ..atomic import atomic_write
from ..errors import MediaError
from .needs import needs
from .sources import Entry, Shard, Source

CHUNK = 65_536  # rows held in memory while listing
META = b"zoo.manifest"


class Manifest:
    """The items of a job, by unit; rows are read from the file as they are asked for."""

    def __init__(self, path: Path, unit_size: int) -> None:
        parquet = needs("pyarrow.parquet")
        self._file = parquet.ParquetFile(path, memory_map=True)
        facts = json.loads((self._file.metadata.metadata or {})[META])
        self.shards = [Shard(*shard) for shard in facts["shards"]]
        """Files that hold several items; a file that is one item stands in its row."""
        self.files: int = facts["files"]
        self.bytes: int = facts["bytes"]
        self.kind: str = facts["kind"]
        """Of the source, as it was when it was listed."""
        self.items: int = self._file.metadata.num_rows
        self.unit_size = unit_size
        groups = range(self._file.num_row_groups)
        self._starts = [0]
        for group in groups:
            self._starts.append(self._starts[-1] + self._file.metadata.row_group(group).num_rows)

    @property
    def units(self) -> int:
        """How many units there are."""
        return -(-self.items // self.unit_size)

    def unit_items(self, unit: int) -> int:
        """Items of one unit."""
        return min(self.unit_size, self.items - unit * self.unit_size)

    def entries(self, unit: int) -> list[Entry]:
        """The items of one unit, in order."""
        first = unit * self.unit_size
        last = first + self.unit_items(unit)
        found: list[Entry] = []
        for group, (start, stop) in enumerate(zip(self._starts, self._starts[1:], strict=False)):
            if start < last and stop > first:
                table = self._file.read_row_group(group)
                part = table.slice(max(first - start, 0), min(last, stop) - max(first, start))
                columns = (part.column(name).to_pylist() for name in Entry._fields)
                found += [Entry(*values) for values in zip(*columns, strict=True)]
        return found


def write_manifest(
    source: Source, path: Path, *, limit: int | None = None, progress: bool = False
) -> None:
    """List ``source`` into ``path``; keys that stand twice are an error.

    Raises:
        MediaError: for a source without items, a damaged shard, or a key that stands twice.
    """
    pa, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    schema = pa.schema(
        [("key", pa.string()), ("path", pa.string()), ("start", pa.int64()), ("size", pa.int64())]
    )
    files, items = _Files(source.file_per_item), 0
    with atomic_write(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        for chunk in _chunks(_entries(source, files, limit, progress)):
            columns = zip(*chunk, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
            items += len(chunk)
        if not items:
            raise MediaError(f"{source.place}: no {source.modality} in its {files.count} files")
        facts = {"place": source.place, "kind": source.kind, **files.facts()}
        writer.add_key_value_metadata({META: json.dumps(facts)})


class _Files:
    """What is kept of the files while they are listed."""

    def __init__(self, file_per_item: bool) -> None:
        self.file_per_item = file_per_item
        self.count = self.bytes = 0
        self.shards: list[Shard] = []

    def add(self, shard: Shard) -> None:
        self.count += 1
        self.bytes += max(shard.size, 0)
        if not self.file_per_item:
            self.shards.append(shard)

    def facts(self) -> dict[str, object]:
        shards = [list(shard) for shard in self.shards]
        return {"files": self.count, "bytes": self.bytes, "shards": shards}


def _entries(source: Source, files: _Files, limit: int | None, progress: bool) -> Iterator[Entry]:
    """The first ``limit`` entries; a key that stands twice is a MediaError."""
    items, seen = 0, set[str]()
    for shard in tqdm(source.shards(), "listing", unit="file", disable=not progress, leave=False):
        if items == limit:
            return
        files.add(shard)
        if source.keys_name_shards:
            seen.clear()  # no key of another shard can be the same: a small memory will do
        for entry in source.entries(shard):
            if items == limit:
                return
            if entry.key in seen:
                raise MediaError(
                    f"the key {entry.key!r} stands twice; give every item a key of its own, or "
                    "tokenize the parts into folders of their own"
                )
            seen.add(entry.key)
            items += 1
            yield entry


def _chunks(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
