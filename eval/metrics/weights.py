"""Weights of measuring networks: a path that was given, else where their makers' tools put them."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from zoo.errors import CheckpointUnavailableError


@dataclass(frozen=True)
class PublishedFile:
    """A file that others publish: its usual names, where it lies on the web, the option for it."""

    what: str
    names: tuple[str, ...]
    url: str
    option: str

    def find(self, given: Path | None, *, download: bool = False) -> Path:
        """The file's local path.

        Without ``given`` it is looked for where torch.hub keeps downloads; ``download`` fetches
        it from there. Its name holds the first digits of its hash, which are checked.

        Raises:
            CheckpointUnavailableError: saying what is missing and where to put it.
        """
        if given is not None:
            if given.is_file():
                return given
            raise CheckpointUnavailableError(f"{self.option} {given}: there is no such file")
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        for name in self.names:
            if (folder / name).is_file():
                return folder / name
        target = folder / self.names[0]
        if download:
            return self._download(target)
        raise CheckpointUnavailableError(f"no weights of {self.what}: {self._remedy(target)}")

    def _download(self, target: Path) -> Path:
        digits = self.names[0].rpartition("-")[2].partition(".")[0]
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(self.url, str(target), hash_prefix=digits)
        except (OSError, RuntimeError) as error:
            raise CheckpointUnavailableError(
                f"the weights of {self.what} cannot be fetched ({error}): {self._remedy(target)}"
            ) from error
        return target

    def _remedy(self, target: Path) -> str:
        return (
            f"get {self.url} and put it at {os.fspath(target)}, or pass {self.option} PATH; a "
            "metric that is named by --metrics is fetched where there is a network"
        )
