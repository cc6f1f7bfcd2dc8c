"""What a bulk job does, written beside its output: a re-run must be of the same job."""

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..atomic import atomic_write
from ..errors import TokenError
from ..registry import find, is_registered

FILE = "job.json"
VERSION = 1


@dataclass(frozen=True)
class Job:
    """Everything that decides what is written; how fast, and where it runs, is not part of it."""

    model: str
    source: str
    modality: str
    space: str
    id_revision: int
    kind: str | None = None
    column: str | None = None
    key_column: str | None = None
    prefix: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    seed: int = 0
    unit_size: int = 1024
    packed: bool = False
    limit: int | None = None

    @classmethod
    def plan(cls, model: str, source: str, **settings: Any) -> "Job":
        """The job of tokenizing ``source`` with ``model``; paths mean the same from elsewhere.

        Raises:
            UnknownTokenizerError: for a model that there is not.
        """
        card = find(model)
        facts = {
            "modality": card.modality,
            "space": card.code_space,
            "id_revision": card.id_revision,
        }
        name = model if is_registered(model) else _lasting(model)
        return cls(name, _lasting(source), **facts, **settings)

    def save(self, folder: Path) -> None:
        """Write it, or check it against the one that is there.

        Raises:
            TokenError: naming what differs from the job that the folder belongs to.
        """
        path = folder / FILE
        if path.exists():
            there = Job.load(folder)
            mine, theirs = asdict(self), asdict(there)
            other = [name for name in mine if mine[name] != theirs[name]]
            if other:
                told = ", ".join(f"{n} was {theirs[n]!r}, now {mine[n]!r}" for n in other)
                raise TokenError(
                    f"{folder} holds another job: {told}. Go on with the same arguments, or name "
                    "another folder"
                )
            return
        with atomic_write(path) as temporary:
            text = json.dumps({"version": VERSION, **asdict(self)}, indent=1, sort_keys=True)
            temporary.write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Job":
        """Read the job of a folder; TokenError where there is none."""
        path = folder / FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TokenError(f"{folder} holds no tokens of 'zoo tokenize': {error}") from None
        if content.pop("version", None) != VERSION:
            raise TokenError(f"{path}: another version; this zoo reads {VERSION}")
        if unknown := set(content) - {one.name for one in fields(cls)}:
            raise TokenError(f"{path}: unknown keys {sorted(unknown)}")
        return cls(**content)


def _lasting(place: str) -> str:
    """A path as an absolute one; names and addresses as they are."""
    there = os.path.expanduser(place)
    return os.path.abspath(there) if os.path.exists(there) else place
