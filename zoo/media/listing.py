"""Media files below a folder and inside tar shards, listed without being read."""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MediaError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".gif"}


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


def list_entries(place: Path) -> Iterator[Entry]:
    """Images below a folder, in a tar file or in tar files below a folder, in a stable order.

    Raises:
        MediaError: if ``place`` does not exist or a tar file is damaged.
    """
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            yield from _of_file(path)
    elif place.is_file():
        yield from _of_file(place)
    else:
        raise MediaError(f"{place}: no such folder or file")


def _of_file(path: Path) -> Iterator[Entry]:
    if path.suffix == ".tar":
        try:
            with tarfile.open(path) as archive:
                for info in archive:
                    if info.isfile() and Path(info.name).suffix.lower() in IMAGE_SUFFIXES:
                        yield Entry(path, info.name, info.offset_data, info.size)
        except tarfile.TarError as error:
            raise MediaError(f"{path}: a damaged tar file ({error})") from error
    elif path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
        yield Entry(path)
