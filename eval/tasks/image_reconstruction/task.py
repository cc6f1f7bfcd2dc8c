"""How near reconstructed pictures come to what the model saw, at each prefix."""

import argparse
from collections.abc import Callable

from zoo.cards import Card
from zoo.tokenizer import Tokenizer

from ...metrics import SampleMetric
from ...metrics.psnr import Psnr
from ...metrics.ssim import MsSsim, Ssim
from ...reconstruction import arguments
from ...reconstruction.ends import ImageEnds
from ...reconstruction.plan import ReconstructionPlan
from ...reconstruction.select import select
from ...reconstruction.setup import Setup

VERSION = 2
METRICS: dict[str, Callable[[], SampleMetric]] = {"psnr": Psnr, "ssim": Ssim, "ms_ssim": MsSsim}
USUAL = ("psnr", "ssim")


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    arguments.add_arguments(parser, [*METRICS], "usually psnr,ssim")


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    arguments.check(card, args, "image")


def plan(tok: Tokenizer, args: argparse.Namespace) -> ReconstructionPlan:
    """The task on a loaded tokenizer."""
    setup = Setup.of(tok, args)
    metrics, skipped = select(METRICS, USUAL, args.metrics)
    return ReconstructionPlan(setup, ImageEnds(setup), metrics, {}, skipped)
