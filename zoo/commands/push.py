"""Upload a checkpoint to the Hugging Face Hub; then zoo.load("hf:OWNER/REPO") works everywhere.

  zoo push runs/mine someone/mine --private

Needs a token that may write: 'hf auth login'.
"""

import argparse

from .parts.arguments import NAME_HELP
from .parts.text import tell

SUMMARY = "upload a checkpoint to the Hugging Face Hub"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument("repo", metavar="OWNER/REPO", help="made if it does not exist")
    parser.add_argument("--private", action="store_true", help="if it is made: for you alone")


def run(args: argparse.Namespace) -> None:
    """Upload."""
    from .. import publish

    address = publish.push(args.name, args.repo, private=True if args.private else None)
    tell(args, address, {"repo": args.repo, "commit": address})
