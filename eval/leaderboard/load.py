"""Result files from disk, with what every use of them needs checked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import ZooError

from ..results.result import SCHEMA

NEEDED = {
    "measured": ("run", "task", "code", "environment", "model", "data", "qualities", "samples"),
    "reported": ("task", "model", "data", "qualities", "source"),
}
SOURCE = ("title", "url", "read")
"""What must be known of who reports a figure: its name, where it stands, when it was read."""


@dataclass(frozen=True)
class Result:
    """One file."""

    path: Path
    body: dict[str, Any]

    @property
    def measured(self) -> bool:
        """Whether this library measured it; else it is quoted from ``source``."""
        return self.body["kind"] == "measured"

    @property
    def group(self) -> tuple[Any, ...]:
        """What results must share to be compared: task, its version, data as they were scored.

        Reported figures have no fingerprint of their data and are never among measured ones.
        """
        task, data = self.body["task"], self.body["data"]
        return (
            self.body["kind"],
            task["name"],
            task.get("version"),
            data["name"],
            data.get("fingerprint", ""),
        )


def load_results(places: Iterable[Path]) -> list[Result]:
    """Every result among files and, sorted, in folders below ``places``.

    Raises:
        ZooError: for a file that is no result, and where there is none at all.
    """
    found = []
    for place in places:
        paths = sorted(place.rglob("*.json")) if place.is_dir() else [place]
        found += [read_result(path) for path in paths if not _unfinished(path)]
    if not found:
        raise ZooError(f"no result files in {', '.join(map(str, places))}")
    return found


def read_result(path: Path) -> Result:
    """One result.

    Raises:
        ZooError: naming what is wrong with the file.
    """
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ZooError(f"{path}: no JSON that can be read ({error})") from error
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        raise ZooError(f"{path}: not a result of schema {SCHEMA}")
    if body.get("kind") not in NEEDED:
        raise ZooError(f"{path}: kind is {body.get('kind')!r}; expected measured or reported")
    missing = [name for name in NEEDED[body["kind"]] if name not in body]
    if body["kind"] == "reported" and "source" in body:
        missing += [f"source.{name}" for name in SOURCE if not _text_in(body["source"], name)]
    if missing:
        raise ZooError(f"{path}: lacks {', '.join(missing)}")
    return Result(path, body)


def _text_in(source: object, name: str) -> bool:
    return isinstance(source, dict) and isinstance(source.get(name), str) and source[name] != ""


def _unfinished(path: Path) -> bool:
    return any(part.endswith(".part") for part in path.parts)
