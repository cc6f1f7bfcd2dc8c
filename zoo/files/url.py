"""Files from plain web addresses: never without a hash, never half there."""

import hashlib
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from ..atomic import atomic_write
from ..errors import CheckpointCorruptError, CheckpointUnavailableError
from ..version import __version__
from .checksum import cache_dir, is_disk_full, verify
from .hub import is_offline

_CHUNK = 1 << 20


def download_url(url: str, sha256: str, *, offline: bool | None = None) -> Path:
    """A local path of the file at ``url``, whose sha256 must be ``sha256``.

    Raises:
        CheckpointUnavailableError: no network, an HTTP error, a broken connection, no space.
        CheckpointCorruptError: other content; nothing is kept.
    """
    name = PurePosixPath(unquote(urlsplit(url).path)).name or "file"
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    target = cache_dir() / "urls" / f"{sha256[:16]}-{safe[-80:]}"
    if target.is_file():
        verify(target, sha256, f"Delete {target} and load again.")
        return target
    if is_offline(offline):
        raise CheckpointUnavailableError(
            f"{url} is not in the cache ({target.parent}) and the network is off (offline=True or "
            "HF_HUB_OFFLINE). Load it once with network."
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(target) as temporary:
            found = _fetch(url, temporary, safe)
            if found != sha256:
                raise CheckpointCorruptError(
                    f"{url} is not the file that the card means: its sha256 is {found}, the card "
                    f"says {sha256}. Nothing was kept. The file at that address has changed, or "
                    "something between here and there answers in its place."
                )
    except HTTPError as error:
        raise CheckpointUnavailableError(f"{url}: HTTP {error.code} {error.reason}.") from error
    except (OSError, HTTPException) as error:
        if is_disk_full(error):
            why = f"the disk of {target.parent} is full. Free space, or set ZOO_CACHE elsewhere."
        else:
            why = f"cannot be downloaded ({error}). Check the network and try again."
        raise CheckpointUnavailableError(f"{url}: {why}") from error
    return target


def _fetch(url: str, target: Path, name: str) -> str:
    """Write the content to ``target`` and return its sha256."""
    from tqdm import tqdm

    request = Request(url, headers={"User-Agent": f"tokenizer-zoo/{__version__}"})
    digest = hashlib.sha256()
    with urlopen(request, timeout=30) as response, target.open("wb") as file:
        total = int(response.headers.get("Content-Length") or 0)
        bar: Any = tqdm(total=total or None, unit="B", unit_scale=True, desc=name, disable=None)
        with bar:
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                bar.update(len(chunk))
        if total and file.tell() != total:
            raise OSError(f"the connection ended after {file.tell()} of {total} bytes")
    return digest.hexdigest()
