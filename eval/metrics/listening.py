"""Networks of transformers that listen: loaded from a folder, named in the result."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from zoo.errors import CheckpointUnavailableError

RATE = 16000


def from_folder(
    what: str, option: str, folder: Path | None, loaders: dict[str, Callable[..., Any]]
) -> dict[str, Any]:
    """What each of ``loaders`` (``from_pretrained`` functions) makes of a folder; no network.

    Raises:
        CheckpointUnavailableError: without a folder, and for one that holds something else.
    """
    if folder is None:
        raise CheckpointUnavailableError(f"{what} needs {option} FOLDER, a model of transformers")
    if not folder.is_dir():
        raise CheckpointUnavailableError(f"{option} {folder}: there is no such folder")
    try:
        return {
            name: load(str(folder), local_files_only=True, trust_remote_code=False)
            for name, load in loaders.items()
        }
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise CheckpointUnavailableError(f"{option} {folder}: {reason}") from error
