"""Where a command writes: checked before a model is loaded, and never one of its inputs."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import MediaError, NotSupportedError, ZooError


def output_file(name: str) -> Path:
    """The path of a file that can be written.

    Raises:
        ZooError: for a folder that is missing or closed to us, and for a path that is a folder.
    """
    path = Path(name)
    if path.is_dir():
        raise ZooError(f"cannot write {name}: it is a folder; name a file")
    _check_folder(path, path.parent)
    return path


def output_folder(name: str, parents: bool = False) -> Path:
    """The path of a folder that can be written into; it may have to be made, its parent not.

    ``parents``: those above it may have to be made as well.

    Raises:
        ZooError: for a path that is a file, and for a parent that is missing or closed to us.
    """
    path = Path(name)
    if path.exists() and not path.is_dir():
        raise ZooError(f"cannot write into {name}: it is a file; name a folder")
    folder = path if path.is_dir() else path.parent
    while parents and not folder.exists() and folder != folder.parent:
        folder = folder.parent
    _check_folder(path, folder)
    return path


def _check_folder(path: Path, folder: Path) -> None:
    if not folder.is_dir():
        raise ZooError(f"cannot write {path}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ZooError(f"cannot write {path}: no permission to write into {folder}")


def keep_inputs(output: Path, inputs: Iterable[Path]) -> None:
    """MediaError if the output would replace one of the inputs."""
    for path in inputs:
        if output.exists() and path.exists() and output.samefile(path):
            raise MediaError(f"{output} is an input: writing it would destroy it; name another")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Failures below are about ``path``, not about the temporary file that is to become it."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ZooError(f"cannot write {path}: {reason}") from error


def media_suffix(asked: str | None, modality: str) -> str:
    """``jpg`` or ``.jpg`` as the suffix of a format that is written; None: the usual one.

    Raises:
        NotSupportedError: naming the formats.
    """
    from ...media.kinds import handler

    known = handler(modality).suffixes()
    suffix = known[0] if asked is None else f".{asked.lower().removeprefix('.')}"
    if suffix not in known:
        raise NotSupportedError(
            f"{modality} is not written as {suffix!r}; expected one of {', '.join(known)}"
        )
    return suffix


def is_suffix(path: Path, modality: str) -> bool:
    """Whether the suffix names a format in which ``modality`` is written."""
    from ...media.kinds import handler

    return path.suffix.lower() in handler(modality).suffixes()
