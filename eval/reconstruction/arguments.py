"""The command line of reconstruction tasks, and what can be refused before anything loads."""

import argparse
import re
from collections.abc import Container, Iterable, Sequence

from zoo.cards import Card
from zoo.commands.parts.arguments import key_value, numbers
from zoo.commands.parts.loading import read_options, without_weights
from zoo.engine.checks import chosen_prefix
from zoo.errors import NotSupportedError, ZooError

from ..anchors import ANCHORS


def add_arguments(parser: argparse._ArgumentGroup, metrics: Sequence[str], usual: str) -> None:
    """Declare what every reconstruction task takes; ``metrics`` are the task's, by name."""
    parser.add_argument("--prefix", type=numbers, default=[], help="qualities, such as 1,4,16")
    parser.add_argument(
        "--all-prefixes", action="store_true", help="every quality the tokenizer lists"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the first sample's noise (0)")
    parser.add_argument(
        "--option",
        type=key_value,
        action="append",
        default=[],
        dest="options",
        metavar="KEY=VALUE",
        help="of encode or decode, such as steps=20; may be repeated",
    )
    parser.add_argument(
        "--metrics",
        type=lambda text: _names(text, metrics),
        metavar="A,B",
        help=f"some of {', '.join(metrics)} ({usual})",
    )
    parser.add_argument(
        "--cluster",
        metavar="REGEX",
        help="what of a sample's id names its cluster, such as its speaker: '([^-]*)-'; "
        "intervals then allow for samples of one cluster being alike",
    )


def add_flops_argument(parser: argparse._ArgumentGroup) -> None:
    """Declare the counting of operations."""
    parser.add_argument(
        "--flops",
        action="store_true",
        help="count the networks' GFLOP and GMAC per item as they run, which slows them a little",
    )


def add_curve_arguments(parser: argparse._ArgumentGroup, modality: str) -> None:
    """Declare rate and distortion: classical codecs on the same samples, and a picture."""
    codecs = ANCHORS[modality]
    parser.add_argument(
        "--anchors",
        type=lambda text: _names(text, [*codecs]),
        default=[],
        metavar="A,B",
        help=f"classical codecs to compare with: {', '.join(codecs)}",
    )


def check(
    card: Card,
    args: argparse.Namespace,
    modality: str,
    verbs: Sequence[str] = ("encode", "decode"),
) -> None:
    """Refuse what cannot work before anything is loaded.

    Raises:
        NotSupportedError: for a checkpoint of another modality, one that lacks a verb, or an
            option that it has not.
        TokenError: for an illegal prefix.
        ZooError: for a cluster that is no regular expression.
    """
    if card.modality != modality or not all(getattr(card, f"can_{verb}") for verb in verbs):
        raise NotSupportedError(
            f"{args.task} needs to {' and '.join(verbs)} {modality}; {card.name} does not"
        )
    plan = without_weights(card)
    read_options(plan, args.options, verbs)
    if args.prefix and args.all_prefixes:
        raise ZooError("--prefix and --all-prefixes say two things; give one of them")
    for k in args.prefix:
        chosen_prefix(plan, k, None)
    if args.cluster is not None:
        try:
            re.compile(args.cluster)
        except re.error as error:
            raise ZooError(f"--cluster {args.cluster!r}: no regular expression ({error})") from None


def split(names: Iterable[str] | None, known: Container[str]) -> list[str] | None:
    """Those of ``names`` that are ``known``; None where none were given at all."""
    return None if names is None else [name for name in names if name in known]


def _names(text: str, known: Sequence[str]) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no {name!r}; known: {', '.join(known)}")
    return names
