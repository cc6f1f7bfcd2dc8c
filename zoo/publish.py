"""A checkpoint as a folder of its own: a card and safetensors, complete for disk and Hub."""

import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

from .atomic import atomic_write
from .cards import Card, Part, parse_card
from .errors import CardError, CheckpointUnavailableError, NotSupportedError
from .files.checksum import sha256_of
from .files.resolve import fetch_extra, resolve
from .files.rewrite import rewrite_card
from .registry import find
from .version import __version__


def export(
    name: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    offline: bool | None = None,
) -> Path:
    """Write a checkpoint into ``folder`` so that ``zoo.load(folder)`` needs nothing else.

    Weights become safetensors under their own tensor names; the card's ``source`` names them, its
    ``space`` keeps the ids' meaning. Parts loaded on first use (role lazy) stay where they are.

    Args:
        name: whatever ``zoo.load`` takes.
        folder: made if it does not exist; must be empty unless ``overwrite``.
        overwrite: write into a folder that has files.
        offline: as in ``zoo.load``.

    Returns:
        The folder.

    Raises:
        NotSupportedError: for a folder that is not empty.
        ZooError: as ``zoo.load`` for names and weights that cannot be had.
    """
    target = Path(folder).expanduser()
    if target.exists() and (not target.is_dir() or any(target.iterdir())) and not overwrite:
        raise NotSupportedError(f"{target} is not an empty folder; pass overwrite=True to write in")
    card = find(name, offline=offline)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        files, text = _collect(card, Path(scratch), offline)
        for file, source in files.items():
            with atomic_write(target / file) as temporary:
                shutil.copyfile(source, temporary)
    with atomic_write(target / "README.md") as temporary:  # last: no card, no checkpoint
        temporary.write_text(text, encoding="utf-8")
    return target


def push(
    name: str | os.PathLike[str],
    repo_id: str,
    *,
    private: bool | None = None,
    message: str | None = None,
    offline: bool | None = None,
) -> str:
    """Upload what :func:`export` writes as one commit; then ``zoo.load("hf:" + repo_id)`` works.

    Args:
        name: whatever ``zoo.load`` takes, a local folder above all.
        repo_id: ``owner/name``; made if it does not exist.
        private: visibility of a new repository; None: the account's default.
        message: of the commit.
        offline: for finding the weights, as in ``zoo.load``.

    Returns:
        The commit's address.

    Raises:
        CheckpointUnavailableError: if the Hub refuses or cannot be reached.
    """
    from huggingface_hub import CommitOperationAdd, HfApi

    card = find(name, offline=offline)
    if not card.open_license:
        link = f" ({card.license_link})" if card.license_link else ""
        warnings.warn(
            f"the weights of {card.name} are under {card.license_text}{link}: check that you may "
            f"publish them at {repo_id}",
            stacklevel=2,
        )
    api = HfApi(
        endpoint=os.environ.get("HF_ENDPOINT"),
        library_name="tokenizer-zoo",
        library_version=__version__,
    )
    with tempfile.TemporaryDirectory() as scratch:
        files, text = _collect(card, Path(scratch), offline)
        operations = [
            CommitOperationAdd(path_in_repo=file, path_or_fileobj=source)
            for file, source in files.items()
        ]
        operations.append(CommitOperationAdd("README.md", text.encode()))
        try:
            api.create_repo(repo_id, private=private, exist_ok=True)
            commit: Any = api.create_commit(
                repo_id, operations, commit_message=message or f"Upload {card.name}"
            )
        except Exception as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise CheckpointUnavailableError(
                f"cannot push {card.name} to {repo_id}: {reason}. Check the name, the network and "
                "'hf auth login' with a token that may write."
            ) from error
    return str(getattr(commit, "commit_url", commit))


def _collect(card: Card, scratch: Path, offline: bool | None) -> tuple[dict[str, Path], str]:
    """File name -> where it lies now, and the text of the card that belongs to them."""
    own = [part for part in card.source if part.role != "lazy"]
    files: dict[str, Path] = {}
    rewritten: dict[str, dict[str, Any]] = {}
    for part in own:
        file = "model.safetensors" if len(own) == 1 else f"{part.name}.safetensors"
        files[file] = _as_safetensors(part, resolve(part, card, offline=offline), scratch / file)
        rewritten[part.name] = {
            "name": part.name,
            "role": part.role,
            "file": file,
            "sha256": sha256_of(files[file]),
            "format": part.format,
            **({"keys": part.keys} if part.keys else {}),
        }
    if card.config_from is not None:
        part = card.part(card.config_from.part)
        if "/" in card.config_from.file:
            raise CardError(f"{card.at('zoo.config_from')}: cannot export a file in a subfolder")
        files[card.config_from.file] = fetch_extra(
            part, card.config_from.file, card, offline=offline
        )
    text = rewrite_card(card, rewritten)
    parse_card(text, scratch / "README.md")  # what we publish must read back
    return files, text


def _as_safetensors(part: Part, path: Path, target: Path) -> Path:
    with path.open("rb") as file:
        head = file.read(9)
    if head[8:] == b"{":  # already: the bytes, and so the hash, stay the same
        return path
    from safetensors.torch import save_file

    from .weights import read_tensors

    tensors = {
        name: tensor.clone().contiguous()
        for name, tensor in read_tensors(path, part.unwrap).items()
    }
    save_file(tensors, target, metadata={"format": "pt", "converted_from": path.name})
    return target
