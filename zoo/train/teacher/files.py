"""A teacher's file: safetensors, with the network's configuration in its metadata."""

import json
from dataclasses import asdict
from pathlib import Path

from ...errors import CheckpointCorruptError, CheckpointUnavailableError
from ...typed import from_mapping
from ...weights import SAME, fill, metadata, read_tensors, save_checkpoint
from .network import Teacher, TeacherConfig

KEY = "teacher"


def save_teacher(teacher: Teacher, path: Path, facts: dict[str, str]) -> None:
    """Write ``teacher`` and ``facts`` about it, whole or not at all."""
    save_checkpoint(teacher, path, {KEY: json.dumps(asdict(teacher.config)), **facts})


def load_teacher(path: str | Path) -> Teacher:
    """Read a teacher, frozen and in eval mode.

    Raises:
        CheckpointUnavailableError: where there is no such file.
        CheckpointCorruptError: where it is damaged or holds something else.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointUnavailableError(
            f"no teacher at {path}; python -m zoo.train.teacher --data DIR --out FOLDER makes one"
        )
    tensors, noted = read_tensors(path), metadata(path)
    if KEY not in noted:
        raise CheckpointCorruptError(
            f"{path}: not a teacher's file; its metadata has no field {KEY!r}"
        )
    teacher = Teacher(from_mapping(TeacherConfig, json.loads(noted[KEY]), str(path)))
    fill(teacher, [tensors], SAME, where=str(path))
    return teacher.eval().requires_grad_(False)
