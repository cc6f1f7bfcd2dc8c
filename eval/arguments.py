"""The command line of ``zoo eval``: common arguments, and those of the task that it names."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from zoo.commands.parts.arguments import NAME_HELP, positive

from .tasks import load_task, task_names


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse the words after ``zoo eval``."""
    words, names = list(argv), task_names()
    named = next((word for word in words if word in names), None)
    return _parser(named, names).parse_intermixed_args(words)


def _parser(named: str | None, names: Sequence[str]) -> argparse.ArgumentParser:
    lines = [f"  {name:<22} {_summary(name)}\n" for name in names]
    parser = argparse.ArgumentParser(
        prog="zoo eval",
        description="Run a task on a tokenizer and report its figures.",
        epilog="tasks:\n" + "".join(lines) + "\n'zoo eval NAME TASK --help' shows a task's own.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("task", choices=names, metavar="TASK", help="what to measure, see below")
    parser.add_argument("--data", required=True, type=Path, help="folder or tar of media")
    parser.add_argument("--data-name", metavar="TEXT", help="of the data set (that of the folder)")
    parser.add_argument("--limit", type=positive, metavar="N", help="the first N samples only")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="in a random order")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="of the weights")
    parser.add_argument("--batch-size", type=positive, metavar="N", help="items at a time")
    parser.add_argument("--json", action="store_true", help="the result as one JSON object")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE.json",
        help="write the result here, its samples beside it; a killed run goes on from there",
    )
    parser.add_argument("--plot", metavar="FILE.png", help="draw a metric against bits")
    parser.add_argument("--plot-metric", metavar="NAME", help="the metric to draw (the first)")
    if named is not None:
        load_task(named).add_arguments(parser.add_argument_group(f"{named} only"))
    return parser


def _summary(name: str) -> str:
    return (load_task(name).__doc__ or "").partition("\n")[0]
