"""How near reconstructed pictures come to what the model saw, at each prefix."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from zoo.cards import Card
from zoo.tokenizer import Tokenizer

from ...anchors import ANCHORS
from ...metrics import SampleMetric
from ...metrics.feature_distance import feature_distance
from ...metrics.fid import InceptionDistance
from ...metrics.inception import RECIPES
from ...metrics.lpips import TRUNKS, Lpips
from ...metrics.psnr import Psnr
from ...metrics.sets import SetMetric
from ...metrics.ssim import MsSsim, Ssim
from ...reconstruction import arguments
from ...reconstruction.ends import ImageEnds
from ...reconstruction.plan import ReconstructionPlan
from ...reconstruction.select import select
from ...reconstruction.setup import Setup

VERSION = 2
VERB = None
SINGLE = ("psnr", "ssim", "ms_ssim", *(f"lpips_{trunk}" for trunk in TRUNKS))
SETS = ("fid", *(f"fid_{recipe.replace('-', '_')}" for recipe in [*RECIPES][1:]))
USUAL = ("psnr", "ssim", "lpips_alex", "fid")


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    usual = f"of {','.join(USUAL)} those whose weights are here"
    arguments.add_arguments(parser, [*SINGLE, *SETS], usual)
    arguments.add_flops_argument(parser)
    arguments.add_curve_arguments(parser, "image")
    parser.add_argument("--inception", type=Path, metavar="PATH", help="Inception's weights")
    for trunk in TRUNKS:
        parser.add_argument(
            f"--lpips-{trunk}", type=Path, metavar="PATH", help="the trunk's weights"
        )
    parser.add_argument(
        "--features",
        action="append",
        default=[],
        metavar="zoo:NAME|hf:FOLDER",
        help="also the distances on features of a tokenizer or of a network of transformers "
        "(DINOv2, CLIP); may be repeated",
    )


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    arguments.check(card, args, "image")


def plan(tok: Tokenizer, args: argparse.Namespace) -> ReconstructionPlan:
    """The task on a loaded tokenizer."""
    setup = Setup.of(tok, args)
    single, sets = _single(args), _sets(args)
    usual, asked = arguments.split(USUAL, single), arguments.split(args.metrics, single)
    metrics, skipped = select(single, usual, asked)
    usual, asked = arguments.split(USUAL, sets), arguments.split(args.metrics, sets)
    distances, lacking = select(sets, usual, asked)
    others = {spec: feature_distance(spec, args.device) for spec in args.features}
    distances = {**distances, **others}
    anchors = [ANCHORS["image"][name]() for name in args.anchors]
    return ReconstructionPlan(
        setup, ImageEnds(setup), metrics, distances, [*skipped, *lacking], anchors
    )


def _single(args: argparse.Namespace) -> dict[str, Callable[[], SampleMetric]]:
    found: dict[str, Callable[[], SampleMetric]] = {
        "psnr": Psnr,
        "ssim": Ssim,
        "ms_ssim": MsSsim,
    }
    for trunk in TRUNKS:
        path, fetch = getattr(args, f"lpips_{trunk}"), args.metrics is not None
        found[f"lpips_{trunk}"] = partial(Lpips, trunk, path, args.device, download=fetch)
    return found


def _sets(args: argparse.Namespace) -> dict[str, Callable[[], SetMetric]]:
    return {
        name: partial(
            InceptionDistance,
            recipe,
            args.inception,
            args.device,
            download=args.metrics is not None,
        )
        for name, recipe in zip(SETS, RECIPES, strict=True)
    }
