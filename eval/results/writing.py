"""A result on disk: ``NAME.json`` and, beside it, ``NAME.samples.jsonl`` with a row per sample."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo.atomic import atomic_write
from zoo.files.checksum import sha256_of


def part_folder(output: Path) -> Path:
    """Where a run that is not finished keeps what it has."""
    return output.with_name(f"{output.name}.part")


def samples_file(output: Path) -> Path:
    """Where a result's samples stand."""
    return output.with_name(f"{output.stem}.samples.jsonl")


def write(found: Mapping[str, Any], output: Path) -> None:
    """Write a result and its ``rows``, the result last; then what was kept for resuming goes.

    Raises:
        OSError: if a file cannot be written; what was measured stays, and a new run finds it.
    """
    samples = samples_file(output)
    with atomic_write(samples) as temporary, temporary.open("w", encoding="utf-8") as file:
        for row in found["rows"]:
            file.write(json.dumps(row, allow_nan=False, ensure_ascii=False) + "\n")
    body = {name: value for name, value in found.items() if name != "rows"}
    body["samples"] = {
        "file": samples.name,
        "sha256": sha256_of(samples),
        "rows": len(found["rows"]),
    }
    text = json.dumps(body, indent=1, allow_nan=False, ensure_ascii=False)
    with atomic_write(output) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    shutil.rmtree(part_folder(output), ignore_errors=True)
