"""Media of a folder or tar as samples with stable ids."""

import hashlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from zoo.errors import MediaError
from zoo.media.listing import Entry, list_entries


@dataclass(frozen=True)
class Sample:
    """One item of a data set; it is read when it is scored."""

    id: str
    """Its path below the data folder; of a tar's member ``shard.tar:member``."""
    entry: Entry

    def read(self) -> bytes:
        """The encoded bytes."""
        return self.entry.read()


def list_samples(
    place: Path, modality: str, limit: int | None = None, shuffle: int | None = None
) -> list[Sample]:
    """The first ``limit`` media of ``place``, sorted by path; all of them by default.

    ``shuffle`` is the seed of a random order instead.

    Raises:
        MediaError: if there is no such place, or nothing of this modality in it.
    """
    entries = list(islice(list_entries(place, modality), limit if shuffle is None else None))
    if shuffle is not None:
        order = np.random.default_rng(shuffle).permutation(len(entries))
        entries = [entries[index] for index in order[:limit]]
    found = [Sample(_id_of(entry, place), entry) for entry in entries]
    if not found:
        raise MediaError(f"{place}: no file here has a suffix of {modality}, nor a tar's member")
    return found


def sha256(data: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _id_of(entry: Entry, place: Path) -> str:
    path = entry.path.relative_to(place) if place.is_dir() else Path(entry.path.name)
    return f"{path.as_posix()}:{entry.member}" if entry.member else path.as_posix()
