"""Files of Hugging Face Hub repositories, with errors that say what to do."""

import os
from pathlib import Path
from typing import Any

from ..errors import CheckpointUnavailableError
from ..version import __version__
from .checksum import is_disk_full

_TRUE = {"1", "on", "yes", "true"}
_COMMIT_DIGITS = 40


def is_offline(offline: bool | None = None) -> bool:
    """Whether the network is off limits: as said, else as HF_HUB_OFFLINE says."""
    if offline is not None:
        return offline
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").lower() in _TRUE for name in names)


def commit_of(path: Path) -> str | None:
    """The commit of a file in the Hub's cache (``.../snapshots/<commit>/...``)."""
    parts = path.parts
    for index, part in enumerate(parts[:-1]):
        if part == "snapshots" and len(parts[index + 1]) == _COMMIT_DIGITS:
            return parts[index + 1]
    return None


def cached(repo: str, file: str, revision: str | None = None) -> Path | None:
    """The file as it lies in the local cache of the Hub, or None. Touches no network."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(
        repo, file, cache_dir=_settings()["cache_dir"], revision=revision
    )
    return Path(found) if isinstance(found, str) else None


def download(
    repo: str, file: str, *, revision: str | None = None, offline: bool | None = None
) -> Path:
    """A local path of one file of a repository.

    Without a revision, a copy in the cache is taken as it is: ids must not change because a
    repository did. Ask for ``revision="main"`` to get its newest state.

    Raises:
        CheckpointUnavailableError: no network, no such repository, revision or file, no access,
            no space.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    settings = _settings()
    pinned = revision is None or len(revision) == _COMMIT_DIGITS
    if pinned or is_offline(offline):
        found = cached(repo, file, revision)
        if found is not None:
            return found
    place = f"hf:{repo}{f'@{revision}' if revision else ''}/{file}"
    if is_offline(offline):
        why = "offline=True was given" if offline else "HF_HUB_OFFLINE is set"
        raise CheckpointUnavailableError(
            f"{place} is not in the cache ({settings['cache_dir'] or 'of huggingface_hub'}) and "
            f"{why}. Load it once with network, or point HF_HOME at a filled cache."
        )
    try:
        # Asked first because it fails at once without network, where the download retries long.
        get_hf_file_metadata(
            hf_hub_url(repo, file, revision=revision, endpoint=settings["endpoint"]),
            timeout=10,
            endpoint=settings["endpoint"],
            library_name="tokenizer-zoo",
            library_version=__version__,
        )
    except Exception as error:
        found = cached(repo, file, revision) if _no_network(error) else None
        if found is not None:
            return found
        if _no_network(error) or _is_final(error):
            raise _unavailable(place, repo, error) from error
    try:
        return Path(
            hf_hub_download(
                repo,
                file,
                revision=revision,
                library_name="tokenizer-zoo",
                library_version=__version__,
                **settings,
            )
        )
    except Exception as error:
        raise _unavailable(place, repo, error) from error


def _settings() -> dict[str, Any]:
    """Endpoint and cache as the environment says now, not as it said at the first import."""
    cache = os.environ.get("HF_HUB_CACHE")
    if cache is None and os.environ.get("HF_HOME"):
        cache = str(Path(os.environ["HF_HOME"]).expanduser() / "hub")
    endpoint = os.environ.get("HF_ENDPOINT")
    return {"endpoint": endpoint.rstrip("/") if endpoint else None, "cache_dir": cache}


def _is_final(error: Exception) -> bool:
    """Whether trying again cannot help: the Hub answered, and the answer was no."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    status = getattr(getattr(error, "response", None), "status_code", 0)
    return isinstance(error, HFValidationError) or (
        isinstance(error, HfHubHTTPError) and status in (400, 401, 403, 404)
    )


def _no_network(error: Exception) -> bool:
    # By name: the HTTP library below huggingface_hub differs from version to version.
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(
        names & {"ConnectError", "ConnectTimeout", "ConnectionError", "OfflineModeIsEnabled"}
    )


def _unavailable(place: str, repo: str, error: Exception) -> CheckpointUnavailableError:
    from huggingface_hub import errors

    page = f"https://huggingface.co/{repo}"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if is_disk_full(error):
        why = "the disk is full. Free space, or point HF_HOME at another disk."
    elif isinstance(error, errors.OfflineModeIsEnabled):
        why = "HF_HUB_OFFLINE is set in the environment, so offline=False cannot help. Unset it."
    elif isinstance(error, errors.GatedRepoError):
        why = f"the repository is gated. Accept its terms at {page}, then run 'hf auth login'."
    elif isinstance(error, errors.RevisionNotFoundError):
        why = f"the repository has no such revision. See {page}/commits/main."
    elif isinstance(error, errors.EntryNotFoundError) and status == 404:
        why = f"the repository has no such file. See {page}/tree/main."
    elif isinstance(error, errors.RepositoryNotFoundError) or status in (401, 403):
        why = (
            f"there is no such repository, or it is private. Check {page}; if it is yours, run "
            "'hf auth login' or set HF_TOKEN."
        )
    elif _no_network(error) or isinstance(error, errors.LocalEntryNotFoundError):
        why = f"the Hub cannot be reached and the file is not in the cache ({_first_line(error)})."
    else:
        why = f"the download failed: {_first_line(error)}"
    return CheckpointUnavailableError(f"{place}: {why}")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
