"""Checkpoints of a run: written whole or not at all, read back without unpickling code."""

from pathlib import Path
from typing import Any

import torch

from ..atomic import atomic_write
from ..errors import CheckpointCorruptError


def save_state(folder: Path, step: int, state: dict[str, Any], keep: int = 2) -> None:
    """Write ``step-N.pt`` and remove all but the newest ``keep``."""
    with atomic_write(folder / f"step-{step:08d}.pt") as temporary:
        torch.save({"step": step, **state}, temporary)
    for old in saved_states(folder)[:-keep]:
        old.unlink(missing_ok=True)


def saved_states(folder: Path) -> list[Path]:
    """Checkpoints of a stage, oldest first."""
    return sorted(folder.glob("step-*.pt"))


def load_newest(folder: Path) -> dict[str, Any] | None:
    """Read the newest checkpoint that can be read, or None where there is none at all."""
    states = saved_states(folder)
    damage: Exception | None = None
    for path in reversed(states):
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds for a damaged file
            damage = error
    if states:
        raise CheckpointCorruptError(
            f"none of the checkpoints in {folder} can be read ({damage}); "
            "remove them to start this stage again"
        )
    return None
