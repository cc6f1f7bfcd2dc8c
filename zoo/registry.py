"""Names -> cards. Loads neither torch nor the Hub, and lists names without parsing."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from .cards import Card, read_card
from .cards.fields import REPO
from .cards.media import MODALITIES
from .errors import CardError, NotSupportedError, UnknownTokenizerError, ZooError
from .packages import installed, package_folders

CARDS_ENV = "ZOO_CARDS"


def list_models(
    pattern: str = "*", *, modality: str | None = None, bundled: bool | None = None
) -> list[str]:
    """Names of the known checkpoints, sorted.

    Args:
        pattern: shell pattern such as ``"flextok-*"``.
        modality: only ``"image"``, ``"audio"`` or ``"video"`` tokenizers.
        bundled: only those whose weights ship with the package (True) or do not (False).

    Raises:
        NotSupportedError: for an unknown modality.
        CardError: if a filter is given and a card cannot be read.
    """
    if modality is not None and modality not in MODALITIES:
        raise NotSupportedError(f"modality {modality!r}: expected one of {', '.join(MODALITIES)}")
    paths = _card_paths()
    names = sorted(name for name in paths if fnmatchcase(name, pattern))
    if modality is None and bundled is None:
        return names
    cards = {name: read_card(paths[name][0]) for name in names}
    return [
        name
        for name, card in cards.items()
        if modality in (None, card.modality) and bundled in (None, card.bundled)
    ]


def card(name: str | os.PathLike[str]) -> Card:
    """The facts of a checkpoint: licence, sizes, vocabularies, where its weights are.

    >>> import zoo
    >>> zoo.card("flextok-d18-d28-dfn").license_text
    'apple-amlr'

    Raises:
        UnknownTokenizerError: with near names.
        CardError: if its card cannot be read.
    """
    return find(name)


def find(
    name: str | os.PathLike[str], *, revision: str | None = None, offline: bool | None = None
) -> Card:
    """The card for a name, an alias, a folder, a card's path or ``"hf:owner/repo[@revision]"``.

    A folder holds ``<name>.md`` or ``README.md`` and the weights it names; a known name wins over
    a folder of the same name, so write ``./name`` for the folder.

    Args:
        name: what ``zoo.load`` was given.
        revision: branch, tag or commit of a ``hf:`` repository.
        offline: True: only what is in the cache; None: as HF_HUB_OFFLINE says.

    Raises:
        UnknownTokenizerError: with near names.
        CheckpointUnavailableError: if a ``hf:`` repository cannot be reached.
        CardError: if the card cannot be read, or two cards claim the name.
    """
    text = os.fspath(name)
    if text.startswith("hf:"):
        return _from_hub(text, revision, offline)
    if isinstance(name, str):
        path = _registered(name)
        if path is not None:
            return read_card(path)
    path = Path(text).expanduser()
    if path.is_dir():
        return read_card(_card_in_folder(path))
    if path.is_file() and path.suffix == ".md":
        return read_card(path)
    raise UnknownTokenizerError(_unknown(text))


def is_registered(name: str) -> bool:
    """Whether this is the name or an alias of a known checkpoint."""
    return _registered(name) is not None


def bundled_hint(modality: str | None = None, *, besides: str = "") -> str:
    """One sentence naming bundled checkpoints, to end an error about unreachable weights.

    ``besides`` is the checkpoint that just failed: it is no help.
    """
    try:
        names = list_models(bundled=True, modality=modality) or list_models(bundled=True)
        names = [name for name in names if name != besides]
    except ZooError:  # a broken card elsewhere must not hide the error at hand
        return ""
    if not names:
        return ""
    return f" Bundled checkpoints work without network: {', '.join(names[:6])}."


def _card_folders() -> Iterator[Path]:
    yield from package_folders("zoo.model_cards")
    for entry in installed("zoo.cards"):
        yield from package_folders(entry.module)
    for folder in filter(None, os.environ.get(CARDS_ENV, "").split(os.pathsep)):
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise CardError(f"{CARDS_ENV} names {folder!r}, which is no folder")
        yield path


def _card_paths() -> dict[str, list[Path]]:
    """Every card by name; more than one path means that several cards claim the name."""
    found: dict[str, list[Path]] = {}
    seen = set()
    for folder in _card_folders():
        if folder.resolve() in seen:
            continue
        seen.add(folder.resolve())
        for path in folder.glob("*.md"):
            if path.stem.lower() != "readme":
                found.setdefault(path.stem, []).append(path)
    return found


def _aliases(paths: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """Cards by alias. Only files that contain the word are parsed, and broken ones are skipped."""
    found: dict[str, list[Path]] = {}
    for path in (path for several in paths.values() for path in several):
        try:
            if "aliases:" in path.read_text(encoding="utf-8", errors="replace"):
                for alias in read_card(path).aliases:
                    found.setdefault(alias, []).append(path)
        except (CardError, OSError):
            continue
    return found


def _registered(name: str) -> Path | None:
    paths = _card_paths()
    claims = paths.get(name, []) + _aliases(paths).get(name, [])
    if len(claims) > 1:
        raise CardError(f"the name {name!r} is claimed by {' and '.join(map(str, claims))}")
    return claims[0] if claims else None


def _unknown(text: str) -> str:
    paths = _card_paths()
    known = sorted({*paths, *_aliases(paths)})
    if os.sep in text or text.startswith((".", "~")) or text.endswith(".md"):
        return f"there is no folder and no card at {text!r}"
    near = get_close_matches(text, known, 3, 0.5)
    hint = (
        f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(known)}."
    )
    return f"there is no tokenizer {text!r}; {hint} Folders and 'hf:owner/repo' are welcome too."


def _card_in_folder(folder: Path) -> Path:
    """The one card of a folder: named like the folder, README.md, or the only other one."""
    cards = [path for path in sorted(folder.glob("*.md")) if _is_card(path)]
    for path in (folder.resolve() / f"{folder.resolve().name}.md", folder / "README.md"):
        if any(path.name == card.name for card in cards):
            return path
    if len(cards) == 1:
        return cards[0]
    found = ", ".join(path.name for path in cards) or "none"
    raise UnknownTokenizerError(
        f"{str(folder)!r} must hold one card (a .md file with a 'zoo:' key); found {found}"
    )


def _is_card(path: Path) -> bool:
    return "\nzoo:" in path.read_text(encoding="utf-8", errors="replace").replace("\r", "")


def _from_hub(text: str, revision: str | None, offline: bool | None) -> Card:
    from .files.hub import commit_of, download

    repo, _, written = text.removeprefix("hf:").partition("@")
    if not REPO.fullmatch(repo):
        raise UnknownTokenizerError(
            f"{text!r}: expected 'hf:owner/repo' or 'hf:owner/repo@revision'"
        )
    if revision and written and revision != written:
        raise UnknownTokenizerError(f"{text!r} and revision={revision!r} differ; give one")
    # "main" by name: one's own repository changes, and its newest card is wanted.
    path = download(repo, "README.md", revision=revision or written or "main", offline=offline)
    return read_card(path, name=repo.split("/")[1], repo=repo, revision=commit_of(path))
