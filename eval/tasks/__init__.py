"""The tasks: a folder each, with ``task.py`` and a README; found by name, listed nowhere."""

from importlib import import_module
from pathlib import Path
from typing import cast

from .task import Plan, Task

__all__ = ["Plan", "Task", "load_task", "task_names"]


def task_names() -> list[str]:
    """Every folder here with a ``task.py``."""
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/task.py"))


def load_task(name: str) -> Task:
    """The task of this name, one of :func:`task_names`."""
    return cast(Task, import_module(f".{name}.task", __package__))
