"""Captions of videos: a file with a line ``sample<tab>caption`` each."""

from collections.abc import Sequence
from pathlib import Path

from zoo.errors import MediaError

from ..samples.texts import read_texts

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
    known = read_texts(path)
    found = {name: known.get(name, []) for name in samples}
    missing = [name for name, texts in found.items() if not texts]
    if missing:
        raise MediaError(f"{path}: no caption of {missing[0]} ({len(missing)} videos lack one)")
    return found
