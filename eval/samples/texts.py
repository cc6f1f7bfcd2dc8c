"""Texts that belong to samples: a file with a line ``sample<tab>text`` each."""

from pathlib import Path

from zoo.errors import MediaError


def read_texts(path: Path) -> dict[str, list[str]]:
    """The texts of each sample, in the order of lines; a sample may have several.

    Raises:
        MediaError: for a file that cannot be read, and for a line that is none, naming it.
    """
    found: dict[str, list[str]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(f"{path}: cannot be read as UTF-8 ({error})") from error
    for number, line in enumerate(lines, 1):
        name, tab, text = line.partition("\t")
        if not line.strip():
            continue
        if not tab or not text.strip():
            raise MediaError(f"{path}:{number}: expected 'sample<tab>text', got {line!r}")
        found.setdefault(name, []).append(text.strip())
    return found
