"""Write a checkpoint as a folder of its own: a card and safetensors, ready for disk or Hub.

zoo export flextok-tiny my-copy/
"""

import argparse

from .parts import outputs
from .parts.arguments import NAME_HELP
from .parts.text import tell

SUMMARY = "write a checkpoint as a folder of its own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("folder", metavar="DIR", help="empty, or not there yet")
    parser.add_argument("--overwrite", action="store_true", help="write into a folder with files")


def run(args: argparse.Namespace) -> None:
    """Export."""
    folder = outputs.output_folder(args.folder)
    from .. import publish

    with outputs.writing(folder):
        publish.export(args.name, folder, overwrite=args.overwrite)
    written = sorted(str(path) for path in folder.iterdir())
    tell(args, "\n".join(written), {"folder": str(folder), "files": written})
