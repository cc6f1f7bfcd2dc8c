"""Give a checkpoint that has no codebook one, fitted to a folder of videos.

  zoo fit-codebook tempme-clip-vit-b32 --data videos/ -o my-tempme/
  zoo encode my-tempme/ clip.mp4 -o clip.safetensors

The folder that comes out holds a card and all weights. Each group of merged patches gets --slots
ids for what it looks like, and --semantic-slots for what the network makes of it.
"""

import argparse
import sys
from pathlib import Path

from ..errors import MediaError
from ..registry import find
from .parts import outputs
from .parts.arguments import NAME_HELP, positive
from .parts.text import tell

SUMMARY = "fit a codebook to a folder of videos"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder of videos")
    parser.add_argument("-o", "--output", required=True, metavar="DIR", help="for card and weights")
    parser.add_argument("--slots", type=positive, default=8, metavar="N", help="ids for looks")
    parser.add_argument(
        "--semantic-slots", type=_count, default=1, metavar="N", help="ids for meaning"
    )
    parser.add_argument("--size", type=positive, default=1024, metavar="N", help="of each codebook")
    parser.add_argument(
        "--means-only",
        action="store_true",
        help="keep each group's mean patch and not how patches change inside it",
    )
    parser.add_argument(
        "--vectors", type=positive, default=20_000, metavar="N", help="groups to fit to, at most"
    )
    parser.add_argument("--seed", type=int, default=0, help="of k-means (default 0)")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32")
    parser.add_argument("--offline", action="store_true", help="never ask the Hub")
    parser.add_argument(
        "--random-weights", action="store_true", help="of the network: for tests, never for use"
    )


def run(args: argparse.Namespace) -> None:
    """Check what can be checked at once, then fit."""
    card = find(args.name)
    if not Path(args.data).is_dir():
        raise MediaError(f"--data {args.data}: no such folder")
    folder = outputs.output_folder(args.output)

    from ..fit import fit_checkpoint

    with outputs.writing(folder):
        written = fit_checkpoint(
            card,
            Path(args.data),
            folder,
            options={
                "slots": args.slots,
                "semantic_slots": args.semantic_slots,
                "size": args.size,
                "changes": not args.means_only,
                "vectors": args.vectors,
                "seed": args.seed,
            },
            half=args.dtype == "float16",
            offline=args.offline or None,
            random_weights=args.random_weights,
            progress=sys.stderr.isatty(),
        )
    tell(args, f"done: zoo.load({str(written)!r})", {"model": card.name, "output": str(written)})


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {text}")
    return number
