"""Captions of videos: a file with a line ``sample<tab>caption`` each."""

from collections.abc import Sequence
from pathlib import Path

from zoo.errors import MediaError

FILE = "captions.tsv"


def captions_file(data: Path, given: Path | None) -> Path:
    """The file that was given, else the one in the data's folder.

    Raises:
        MediaError: if it is not there.
    """
    found = data / FILE if given is None else given
    if not found.is_file():
        raise MediaError(
            f"{found}: no such file; expected captions, a line 'sample<tab>caption' each, there or "
            "at --captions FILE"
        )
    return found


def read_captions(path: Path, samples: Sequence[str]) -> dict[str, list[str]]:
    """The captions of each of ``samples``, which are ids; a sample may have several lines.

    Raises:
        MediaError: for a line that is none, naming it, and for a sample without a caption.
    """
    found: dict[str, list[str]] = {name: [] for name in samples}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"{path}: cannot be read as UTF-8 ({error})") from error
    for number, line in enumerate(lines, 1):
        name, tab, caption = line.partition("\t")
        if not line.strip():
            continue
        if not tab or not caption.strip():
            raise MediaError(f"{path}:{number}: expected 'sample<tab>caption', got {line!r}")
        if name in found:
            found[name].append(caption.strip())
    missing = [name for name, texts in found.items() if not texts]
    if missing:
        raise MediaError(f"{path}: no caption of {missing[0]} ({len(missing)} videos lack one)")
    return found
