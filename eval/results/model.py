"""The tokenizer behind a result: down to the hashes of its files."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from zoo.cards import Part
from zoo.files.checksum import sha256_of
from zoo.tokenizer import Tokenizer


def model_facts(tok: Tokenizer) -> dict[str, Any]:
    """Name, code space, licence, size and files of a loaded tokenizer; what was loaded is hashed."""
    card = tok.card
    config = json.dumps(card.config, sort_keys=True, separators=(",", ":"))
    return {
        "name": tok.name,
        "family": tok.family,
        "modality": tok.modality,
        "space": tok.space,
        "id_revision": card.id_revision,
        "license": card.license_text,
        "open_license": card.open_license,
        "parameters": sum(parameter.numel() for parameter in tok.module.parameters()),
        "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
        "dtype": str(tok.dtype).removeprefix("torch."),
        "repo": card.repo,
        "revision": card.revision,
        "upstream": {key: value for key, value in asdict(card.upstream).items() if value},
        "files": [_file(tok, part) for part in card.source],
    }


def _file(tok: Tokenizer, part: Part) -> dict[str, Any]:
    if part.role == "lazy":  # may be many gigabytes that this run never touched
        return {"part": part.name, "name": part.place, "size": None, "sha256": part.sha256}
    path = tok.part_path(part.name)
    size = path.stat().st_size
    return {"part": part.name, "name": path.name, "size": size, "sha256": sha256_of(path)}
