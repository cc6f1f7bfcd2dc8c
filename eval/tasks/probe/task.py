"""How well simple classifiers tell labelled media apart from their ids alone."""

import argparse

from zoo.cards import Card
from zoo.commands.parts.arguments import positive
from zoo.errors import NotSupportedError
from zoo.tokenizer import Tokenizer

from ...probing.attentive import Training
from ...probing.plan import ProbingPlan
from ...probing.protocol import Protocol
from ...reconstruction import arguments
from ...reconstruction.select import made
from ...reconstruction.setup import Setup
from ...samples import list_samples
from ...samples.labels import labels_of

VERSION = 2
VERB = None  # in some families the decoder knows what ids stand for
PROBES = ("vectors", "bag", "attentive")


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    arguments.add_arguments(parser, PROBES, "all that the tokenizer allows")
    parser.add_argument(
        "--label",
        metavar="REGEX",
        help="whose first group in a sample's id is its class; else a tar's .cls members, or the "
        "name of a file's folder",
    )
    parser.add_argument("--folds", type=positive, default=5, metavar="N", help="of the data (5)")
    parser.add_argument("--seeds", type=positive, default=3, metavar="N", help="of the folds (3)")
    parser.add_argument(
        "--epochs", type=positive, default=Training.epochs, metavar="N", help="of attentive probes"
    )


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    arguments.check(card, args, card.modality, verbs=("encode",))
    if args.folds < 2:
        raise NotSupportedError("--folds 1 leaves nothing to train on; expected 2 or more")


def plan(tok: Tokenizer, args: argparse.Namespace) -> ProbingPlan:
    """The task on a loaded tokenizer."""
    made(_need_sklearn, "probe")
    samples = list_samples(args.data, tok.modality, args.limit, args.shuffle)
    names = [sample.id for sample in samples]
    labels = dict(zip(names, labels_of(samples, args.label), strict=True))
    probes, skipped = list(args.metrics or PROBES), []
    if "vectors" in probes and not tok.vector_kinds:
        reason = f"{tok.name} has no vectors for its ids"
        if args.metrics:
            raise NotSupportedError(f"--metrics vectors: {reason}")
        probes.remove("vectors")
        skipped.append({"metric": "vectors", "reason": reason})
    protocol = Protocol(args.folds, args.seeds, Training(epochs=args.epochs))
    return ProbingPlan(Setup.of(tok, args), labels, protocol, probes, skipped, args.device)


def _need_sklearn() -> None:
    import sklearn  # noqa: F401
