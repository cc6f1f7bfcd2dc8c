"""Hugging Face data sets, of the Hub or saved to a folder."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

from ...errors import MediaError
from ..needs import needs
from .base import Entry, Shard, Source
from .table import media_column, media_of

PREFIX = "hf-dataset:"


@dataclass(frozen=True)
class HubSource(Source):
    """The rows of every split; the key is ``split/row``.

    ``place`` is a folder that ``save_to_disk`` wrote, or ``hf-dataset:owner/name`` or
    ``hf-dataset:owner/name:split``.
    """

    kind: ClassVar[str] = "dataset"
    column: str | None = None

    def shards(self) -> list[Shard]:
        """One per split: no file, so without a size in bytes."""
        return [Shard(split, -1) for split in self._splits()]

    def entries(self, shard: Shard) -> Iterator[Entry]:
        """One per row."""
        for row in range(len(self._splits()[shard.path])):
            yield Entry(f"{shard.path}/{row}", shard.path, row)

    def read(self, entry: Entry) -> object:
        """The row's media as they are stored, not decoded by ``datasets``."""
        (cell,) = self._splits()[entry.path][entry.start].values()
        return media_of(cell, self.place)

    def _splits(self) -> Mapping[str, Any]:
        return _splits(self.place, self.column, self.modality)


@lru_cache(maxsize=8)
def _splits(place: str, column: str | None, modality: str) -> Mapping[str, Any]:
    """Split -> rows with the one column of media, as bytes or paths."""
    datasets = needs("datasets", "datasets")
    name, _, split = place.removeprefix(PREFIX).partition(":")
    try:
        found = (
            datasets.load_from_disk(place)
            if os.path.isdir(place)
            else datasets.load_dataset(name, split=split or None)
        )
    except Exception as error:  # it raises almost anything, of many packages
        raise MediaError(f"{place} cannot be opened as a data set: {error}") from error
    splits = found if isinstance(found, Mapping) else {split or "all": found}
    ready = {}
    for label, rows in splits.items():
        media = media_column(rows.column_names, column, modality, place)
        kind = rows.features[media]
        if hasattr(kind, "decode"):
            rows = rows.cast_column(media, type(kind)(decode=False))
        ready[label] = rows.select_columns([media])
    return ready
