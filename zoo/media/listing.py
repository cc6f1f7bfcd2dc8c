"""Media files below a folder and inside tar shards, listed without being read."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MediaError
from .below import files_below
from .kinds import members_of, suffixes_of


@dataclass(frozen=True)
class Entry:
    """One media file, or one member of a tar file."""

    path: Path
    member: str = ""
    offset: int = 0
    size: int = -1

    @property
    def label(self) -> str:
        """What to call it in an error."""
        return f"{self.path}:{self.member}" if self.member else str(self.path)

    def read(self) -> bytes:
        """The encoded bytes."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def list_entries(place: Path, modality: str = "image") -> Iterator[Entry]:
    """Media below a folder, in a tar file or in tar files below a folder, in a stable order.

    Linked folders are followed, but not back up to where they are. What is of ``modality`` the
    suffix says; see ``kinds.members_of`` for tar files.

    Raises:
        MediaError: if ``place`` does not exist or a tar file is damaged.
    """
    if place.is_dir():
        for path in sorted(map(Path, files_below(str(place)))):
            yield from _of_file(path, modality)
    elif place.is_file():
        yield from _of_file(place, modality)
    else:
        raise MediaError(f"{place}: no such folder or file")


def _of_file(path: Path, modality: str) -> Iterator[Entry]:
    if path.suffix == ".tar":
        try:
            with tarfile.open(path) as archive:
                files = [info for info in archive if info.isfile()]
        except tarfile.TarError as error:
            raise MediaError(f"{path}: a damaged tar file ({error})") from error
        for at in members_of([info.name for info in files], modality):
            yield Entry(path, files[at].name, files[at].offset_data, files[at].size)
    elif path.suffix.lower() in suffixes_of(modality) and path.is_file():
        yield Entry(path)
