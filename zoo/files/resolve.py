"""A part of a card -> a local file, verified where the card knows its hash."""

from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from ..cards import Card, HubFile, Part, check_relative
from ..errors import CheckpointUnavailableError, NotSupportedError
from ..registry import bundled_hint
from .checksum import verify
from .hub import cached, commit_of, download
from .url import download_url


def resolve(
    part: Part, card: Card, *, revision: str | None = None, offline: bool | None = None
) -> Path:
    """The local path of a part's weights, downloaded where needed.

    Args:
        part: one of ``card.source``.
        card: whose part it is.
        revision: another branch, tag or commit of the card's Hub repository than the card's own;
            the card's sha256 does not apply to it.
        offline: True: only what is here; None: as HF_HUB_OFFLINE says.

    Raises:
        CheckpointUnavailableError: with the reason, and bundled checkpoints that would work.
        CheckpointCorruptError: if the file is not the one that the card means.
        NotSupportedError: for a revision that cannot apply.
    """
    revision = _applicable(card, revision)
    try:
        path = _locate(part, card, revision, offline)
    except CheckpointUnavailableError as error:
        hint = bundled_hint(card.modality, besides=card.name)
        raise CheckpointUnavailableError(f"{card.name}: {error}{hint}") from error.__cause__
    if part.sha256 is not None and not (part.hub and _is_other(part.hub, revision)):
        verify(path, part.sha256, _remedy(part, path))
    return path


def fetch_extra(
    part: Part,
    file: str,
    card: Card,
    *,
    revision: str | None = None,
    offline: bool | None = None,
) -> Path:
    """The local path of another file beside a part's weights, such as ``config.json``.

    On the Hub it is taken from the commit that the weights were taken from.

    Raises:
        CheckpointUnavailableError: as in :func:`resolve`.
        NotSupportedError: for parts with a url: nothing there would be verified.
    """
    revision = _applicable(card, revision)
    check_relative(file)
    if part.url is not None:
        raise NotSupportedError(f"{card.name}: part {part.name!r} is a url, so {file} has no hash")
    home = PurePosixPath(part.hub.file if part.hub else part.bundled or part.file or "").parent
    beside = str(home / file)
    try:
        if part.hub is not None:
            asked = revision or part.hub.revision
            weights = None if asked else cached(part.hub.repo, part.hub.file)
            commit = commit_of(weights) if weights else None
            return download(part.hub.repo, beside, revision=asked or commit, offline=offline)
        if part.bundled is not None:
            return _bundled(beside)
        return _beside(beside, card, offline)
    except CheckpointUnavailableError as error:
        hint = bundled_hint(card.modality, besides=card.name)
        raise CheckpointUnavailableError(f"{card.name}: {error}{hint}") from error.__cause__


def _locate(part: Part, card: Card, revision: str | None, offline: bool | None) -> Path:
    if part.hub is not None:
        asked = revision or part.hub.revision
        return download(part.hub.repo, part.hub.file, revision=asked, offline=offline)
    if part.bundled is not None:
        return _bundled(part.bundled)
    if part.url is not None:
        return download_url(part.url, part.sha256 or "", offline=offline)
    return _beside(part.file or "", card, offline)


def _bundled(name: str) -> Path:
    spec = find_spec("zoo.models")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        path = Path(folder) / check_relative(name)
        if path.is_file():
            return path
    raise CheckpointUnavailableError(
        f"the bundled file models/{name} is missing from this installation; install it again."
    )


def _beside(name: str, card: Card, offline: bool | None) -> Path:
    check_relative(name)
    if card.repo is not None:
        return download(card.repo, name, revision=card.revision, offline=offline)
    path = card.path.parent / name
    if not path.is_file():
        raise CheckpointUnavailableError(f"{path} does not exist; the card {card.path} names it.")
    return path


def _applicable(card: Card, revision: str | None) -> str | None:
    if revision is None or card.repo is not None:
        return None  # a card from the Hub was itself read at that revision
    repos = sorted({part.hub.repo for part in card.source if part.hub is not None})
    if len(repos) != 1:
        where = f"several repositories ({', '.join(repos)})" if repos else "no Hub repository"
        raise NotSupportedError(
            f"revision={revision!r} cannot apply: {card.name} comes from {where}. Leave it out, or "
            "write a card of your own with the revisions you want."
        )
    return revision


def _is_other(hub: HubFile, revision: str | None) -> bool:
    return revision is not None and revision != hub.revision


def _remedy(part: Part, path: Path) -> str:
    if part.hub is None:
        return "Restore the file, or correct the card."
    moved = "" if part.hub.revision else " If that does not help, the repository has changed: "
    ask = moved and "pass revision= with the commit that the card was written for."
    return f"Delete {path.resolve()} and load again.{moved}{ask}"
