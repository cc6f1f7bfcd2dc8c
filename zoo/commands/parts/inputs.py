"""Files and folders on the command line -> media files, known to exist before a model is loaded."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import MediaError


def media_files(given: Sequence[str], modality: str) -> list[Path]:
    """Every file as it is, and of a folder its media files, sorted by name.

    Folders below it and hidden files are left out.

    Raises:
        MediaError: for what does not exist and for a folder without such files.
    """
    found: list[Path] = []
    for name in given:
        path = Path(name)
        if path.is_dir():
            found += _inside(path, modality)
        elif path.exists():
            found.append(path)
        else:
            web = name.startswith(("http:", "https:"))
            hint = " (an address is not fetched: download it first)" if web else ""
            raise MediaError(f"{name}: no such file or folder{hint}")
    return found


def _inside(folder: Path, modality: str) -> list[Path]:
    from ...media.kinds import guess  # needs Pillow, which a missing file should not wait for

    files = sorted(path for path in folder.iterdir() if path.is_file())
    media = [path for path in files if path.name[0] != "." and guess(path) == modality]
    if modality == "video":  # where videos are meant, a GIF is a moving one
        media = [p for p in files if p in media or p.suffix.lower() == ".gif"]
    if not media:
        raise MediaError(f"{folder}: none of the {len(files)} files in this folder is {modality}")
    return media
