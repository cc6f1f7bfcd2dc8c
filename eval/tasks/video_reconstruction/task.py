"""How near reconstructed videos come to the frames that the model saw, at each prefix."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from zoo.cards import Card
from zoo.tokenizer import Tokenizer

from ...anchors import ANCHORS
from ...metrics import SampleMetric
from ...metrics.fvd import Fvd
from ...metrics.psnr import Psnr
from ...metrics.sets import SetMetric
from ...metrics.ssim import Ssim
from ...reconstruction import arguments
from ...reconstruction.ends import VideoEnds
from ...reconstruction.plan import ReconstructionPlan
from ...reconstruction.select import select
from ...reconstruction.setup import Setup

VERSION = 1
VERB = None
METRICS: dict[str, Callable[[], SampleMetric]] = {"psnr": Psnr, "ssim": Ssim}
SETS = ("fvd",)


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    arguments.add_arguments(parser, [*METRICS, *SETS], "all that can be had")
    arguments.add_flops_argument(parser)
    arguments.add_curve_arguments(parser, "video")
    parser.add_argument("--i3d", type=Path, metavar="PATH", help="I3D as TorchScript, for FVD")


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    arguments.check(card, args, "video")


def plan(tok: Tokenizer, args: argparse.Namespace) -> ReconstructionPlan:
    """The task on a loaded tokenizer."""
    setup = Setup.of(tok, args)
    makers: dict[str, Callable[[], SetMetric]] = {"fvd": partial(Fvd, args.i3d, args.device)}
    metrics, skipped = select(METRICS, METRICS, arguments.split(args.metrics, METRICS))
    sets, lacking = select(makers, SETS, arguments.split(args.metrics, SETS))
    anchors = [ANCHORS["video"][name]() for name in args.anchors]
    return ReconstructionPlan(setup, VideoEnds(setup), metrics, sets, [*skipped, *lacking], anchors)
