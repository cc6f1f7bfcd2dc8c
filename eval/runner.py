"""``zoo eval NAME TASK --data DIR``: run a task on a tokenizer and report its figures."""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

import zoo
from zoo.atomic import atomic_write
from zoo.commands.parts import outputs
from zoo.commands.parts.arguments import positive

TASKS = Path(__file__).parent / "tasks"


def task_names() -> list[str]:
    """Every folder under ``tasks`` with a ``task.py``."""
    return sorted(path.parent.name for path in TASKS.glob("*/task.py"))


def main(argv: Sequence[str]) -> int:
    """Run one task; prints a table, or the result with ``--json``."""
    parser = argparse.ArgumentParser(prog="zoo eval", description=__doc__, allow_abbrev=False)
    parser.add_argument("name", help="a name of 'zoo list', a folder with a card, or hf:owner/repo")
    parser.add_argument("task", choices=task_names(), help="what to measure")
    parser.add_argument("--data", required=True, type=Path, help="folder or tar of media")
    parser.add_argument("--limit", type=positive, help="the first N items only")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object")
    parser.add_argument("-o", "--output", type=Path, help="write the result's JSON here as well")
    for name in task_names():
        _task(name).add_arguments(parser.add_argument_group(f"{name} only"))
    args = parser.parse_intermixed_args(list(argv))
    output = None if args.output is None else outputs.output_file(str(args.output))
    task = _task(args.task)
    task.check(zoo.card(args.name), args)
    tok = zoo.load(args.name, device=args.device)
    figures = task.run(tok, args)
    result = {
        "task": {"name": args.task, "version": task.VERSION},
        "checkpoint": {
            "name": tok.name,
            "space": tok.space,
            "sha256": {part.name: part.sha256 for part in tok.card.source},
        },
        "environment": environment(args.device),
        **figures,
    }
    text = json.dumps(result, indent=1, allow_nan=False)
    if output:
        with outputs.writing(output), atomic_write(output) as temporary:
            temporary.write_text(text, encoding="utf-8")
    print(text if args.json else task.table(figures))
    return 0


def environment(device: str) -> dict[str, Any]:
    """What the figures were made with."""
    return {
        "zoo": zoo.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "device": device,
    }


def _task(name: str) -> Any:
    return import_module(f".tasks.{name}.task", __package__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
