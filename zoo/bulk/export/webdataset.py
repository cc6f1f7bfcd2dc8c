"""Tar shards with ``KEY.codes.npy`` [slot, position] and ``KEY.json``, one per file of the set."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...atomic import atomic_write
from ...tokens import Tokens
from ...tokens.storage import to_plain
from ..dataset import TokenDataset

ITEMS = 4096  # per shard


def write(data: TokenDataset, place: Path, layout: Mapping[str, Any]) -> list[Path]:
    """Write ``shard-000000.tar``, ... into the folder ``place``, and ``sizes.json`` beside them."""
    place.mkdir(parents=True, exist_ok=True)
    paths, sizes = [], {}
    for number, start in enumerate(range(0, len(data), ITEMS)):
        path = place / f"shard-{number:06}.tar"
        rows = range(start, min(start + ITEMS, len(data)))
        with atomic_write(path) as temporary, tarfile.open(temporary, "w") as archive:
            for row in rows:
                name = _name(data.key(row), row)
                for suffix, content in _members(data[row]).items():
                    info = tarfile.TarInfo(f"{name}.{suffix}")
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        sizes[path.name] = len(rows)
        paths.append(path)
    counts = place / "sizes.json"
    with atomic_write(counts) as temporary:
        temporary.write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    return [*paths, counts]


def _members(tokens: Tokens) -> dict[str, bytes]:
    facts = {
        "space": tokens.space,
        "grid": None if tokens.grid is None else tokens.grid[0].tolist(),
        "origin": tokens.origin[0] and tokens.origin[0].to_dict(),
    }
    arrays = {"codes": to_plain(tokens.codes, tokens.spec)[0].numpy()}
    arrays |= {
        name: extra[0].float().numpy() if extra.is_floating_point() else extra[0].numpy()
        for name, extra in tokens.extras.items()
    }
    found = {}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.save(stream, array)
        found[f"{name}.npy"] = stream.getvalue()
    return found | {"json": json.dumps(facts).encode()}


def _name(key: str, row: int) -> str:
    """A member name: WebDataset splits at the first dot behind the last slash."""
    return f"{row:09}-{key.replace('/', '_').replace('.', '_').replace('#', '_')}"
