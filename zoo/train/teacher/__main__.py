"""python -m zoo.train.teacher --data DIR --out FOLDER: train a teacher, or go on with it."""

import argparse
import sys
from pathlib import Path

from ...errors import ZooError
from ...weights import metadata
from .make import RECIPE, make_teacher


def main() -> int:
    """Train and print where the file is and how often it names held-out pictures right."""
    parser = argparse.ArgumentParser(prog="python -m zoo.train.teacher", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("runs/teacher"), metavar="FOLDER")
    parser.add_argument("--recipe", type=Path, default=RECIPE, metavar="FILE")
    parser.add_argument("--device", metavar="D", help="cpu, or else what is found")
    args = parser.parse_args()
    try:
        path = make_teacher(args.data, args.out, recipe=args.recipe, device=args.device)
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{path}: accuracy {metadata(path)['accuracy']} on held-out pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
