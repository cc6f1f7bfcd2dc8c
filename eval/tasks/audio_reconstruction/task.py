"""How near reconstructed sound comes to what the model heard, at each prefix."""

import argparse
from collections.abc import Callable
from functools import partial

from zoo.cards import Card
from zoo.commands.parts.arguments import positive
from zoo.tokenizer import Tokenizer

from ...anchors import ANCHORS
from ...metrics import SampleMetric
from ...metrics.pesq import Pesq
from ...metrics.si_sdr import SiSdr
from ...metrics.spectral import RATE, MelDistance, StftDistance
from ...metrics.stoi import Stoi
from ...reconstruction import arguments
from ...reconstruction.ends import SoundEnds
from ...reconstruction.plan import ReconstructionPlan
from ...reconstruction.select import select
from ...reconstruction.setup import Setup

VERSION = 1
VERB = None
USUAL = ("si_sdr", "mel", "stft", "stoi", "pesq")


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    arguments.add_arguments(parser, [*makers(RATE)], f"usually {','.join(USUAL)}")
    arguments.add_flops_argument(parser)
    arguments.add_curve_arguments(parser, "audio")
    parser.add_argument(
        "--reference",
        choices=("model", "input"),
        default="model",
        help="compare with what the model heard (its rate and channels), or with the input as it "
        "was read, to which the reconstruction is then resampled (model)",
    )
    parser.add_argument(
        "--spectral-rate",
        type=positive,
        default=RATE,
        metavar="HZ",
        help=f"at which mel and STFT distances are computed ({RATE})",
    )


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    arguments.check(card, args, "audio")


def plan(tok: Tokenizer, args: argparse.Namespace) -> ReconstructionPlan:
    """The task on a loaded tokenizer."""
    setup = Setup.of(tok, args)
    metrics, skipped = select(makers(args.spectral_rate), USUAL, args.metrics)
    anchors = [ANCHORS["audio"][name]() for name in args.anchors]
    return ReconstructionPlan(
        setup, SoundEnds(setup, args.reference), metrics, {}, skipped, anchors
    )


def makers(rate: int) -> dict[str, Callable[[], SampleMetric]]:
    """Every metric of the task, by name."""
    return {
        "si_sdr": SiSdr,
        "mel": partial(MelDistance, rate),
        "stft": partial(StftDistance, rate),
        "stoi": Stoi,
        "pesq": Pesq,
    }
