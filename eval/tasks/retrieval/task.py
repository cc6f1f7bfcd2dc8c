"""How well texts find their videos, and videos their texts, among all of a data set."""

import argparse
from pathlib import Path

from zoo.cards import Card
from zoo.commands.parts.arguments import key_value
from zoo.commands.parts.loading import read_options, without_weights
from zoo.errors import NotSupportedError
from zoo.files.checksum import sha256_of
from zoo.tokenizer import Tokenizer

from ...reconstruction import arguments
from ...retrieval.captions import captions_file, read_captions
from ...retrieval.plan import RetrievalPlan
from ...samples import list_samples

VERSION = 1
VERB = None


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    parser.add_argument(
        "--captions",
        type=Path,
        metavar="FILE.tsv",
        help="a line 'sample<tab>caption' each (captions.tsv in the data's folder)",
    )
    parser.add_argument(
        "--option",
        type=key_value,
        action="append",
        default=[],
        dest="options",
        metavar="KEY=VALUE",
        help="of encode, that says how a video is prepared, such as fps=2; may be repeated",
    )
    arguments.add_flops_argument(parser)


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    if card.modality != "video":
        raise NotSupportedError(f"{args.task} needs videos; {card.name} takes {card.modality}")
    tok = without_weights(card)
    if "video" not in tok.feature_kinds:
        raise NotSupportedError(f"{card.name} has no vector of a whole video")
    found = read_options(tok, args.options, ["encode"])["encode"]
    wrong = sorted(set(found) - set(tok.prepare_options))
    if wrong:
        known = ", ".join(tok.prepare_options)
        raise NotSupportedError(f"--option {wrong[0]}: no option of preparing; known: {known}")
    captions_file(args.data, args.captions)


def plan(tok: Tokenizer, args: argparse.Namespace) -> RetrievalPlan:
    """The task on a loaded tokenizer."""
    path = captions_file(args.data, args.captions)
    samples = list_samples(args.data, tok.modality, args.limit, args.shuffle)
    captions = read_captions(path, [sample.id for sample in samples])
    options = read_options(tok, args.options, ["encode"])["encode"]
    return RetrievalPlan(tok, captions, sha256_of(path), options, args.flops)
