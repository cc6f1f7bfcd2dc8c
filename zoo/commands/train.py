"""Train a checkpoint by its card's recipe or another; run it again to go on where it stopped.

zoo train flextok-tiny --data photos/ --out runs/mine
zoo reconstruct cat.jpg --model runs/mine -o grid.png
"""

import argparse
import os
from pathlib import Path

from ..errors import MediaError, NotSupportedError
from ..registry import find
from .forward import reach
from .parts import outputs
from .parts.arguments import NAME_HELP
from .parts.text import tell

SUMMARY = "train a checkpoint by its recipe"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="folder of media files or tar shards of them"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="for checkpoints, logs and the result (default runs/NAME)"
    )
    parser.add_argument("--device", metavar="D", help="cpu, or else what is found")
    parser.add_argument(
        "--stage",
        action="append",
        default=[],
        dest="stages",
        metavar="S",
        help="only this stage of the recipe; may be repeated",
    )
    parser.add_argument(
        "--from",
        "--start",
        dest="start",
        metavar="NAME",
        help="fine-tune from this checkpoint of the same configuration",
    )
    parser.add_argument(
        "--teacher",
        metavar="FILE",
        help="for recipes that distil one; python -m zoo.train.teacher makes it",
    )
    parser.add_argument("--recipe", metavar="FILE", help="follow this recipe instead of the card's")
    parser.add_argument("--no-progress", action="store_true", help="show no bars")


def run(args: argparse.Namespace) -> None:
    """Check what can be checked at once, then train."""
    card = find(args.name)
    if card.recipe is None and args.recipe is None:
        raise NotSupportedError(f"{card.name}: its card names no recipe; pass --recipe FILE")
    if not Path(args.data).is_dir():
        raise MediaError(f"--data {args.data}: no such folder")
    out = None if args.out is None else outputs.output_folder(args.out, parents=True)
    train = reach("zoo.train.run", "train", "zoo train", "train")
    folder = train(
        args.name,
        Path(args.data),
        out,
        device=args.device,
        stages=args.stages,
        start=args.start,
        teacher=None if args.teacher is None else Path(args.teacher),
        recipe=None if args.recipe is None else Path(args.recipe),
        progress=not args.no_progress,
    )
    if os.environ.get("RANK", "0") != "0":
        return  # of several processes one speaks
    tell(args, f"done: zoo.load({str(folder)!r})", {"model": card.name, "output": str(folder)})
