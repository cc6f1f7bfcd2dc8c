"""Merge a checkpoint's published files into one safetensors in our names, with its card.

zoo convert seed-2 my-seed/ --file vit=eva_vit_g.pth
"""

import argparse

from .parts import outputs
from .parts.arguments import NAME_HELP, key_value
from .parts.text import tell

SUMMARY = "merge a checkpoint's files into one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("folder", metavar="DIR", help="where card and weights go")
    parser.add_argument(
        "--file",
        type=key_value,
        action="append",
        default=[],
        dest="files",
        metavar="PART=PATH",
        help="a file that is here already, for a part of the card; may be repeated",
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16"),
        help="of the stored weights; narrower ones may change ids",
    )


def run(args: argparse.Namespace) -> None:
    """Convert."""
    folder = outputs.output_folder(args.folder)
    import torch

    from ..convert import convert

    dtype = None if args.dtype is None else getattr(torch, args.dtype)
    with outputs.writing(folder):
        convert(args.name, folder, files=dict(args.files), dtype=dtype)
    written = sorted(str(path) for path in folder.iterdir())
    tell(args, "\n".join(written), {"folder": str(folder), "files": written})
