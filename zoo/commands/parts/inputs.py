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
    files = sorted(path for path in folder.iterdir() if path.is_file())
    media = [path for path in files if path.name[0] != "." and _counts(path, modality)]
    if not media:
        raise MediaError(f"{folder}: none of the {len(files)} files in this folder is {modality}")
    return media


def _counts(path: Path, modality: str) -> bool:
    from ...media.kinds import guess, suffixes_of  # late: a missing file need not wait for Pillow

    if guess(path) == modality:
        return True
    if path.suffix.lower() not in suffixes_of(modality):
        return False
    if modality == "audio":  # a WebM may be a silent video
        from ...media.audio_file import has_sound

        return has_sound(path)
    return True
