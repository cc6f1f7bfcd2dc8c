"""How near reconstructed sound comes to what the model heard, at each prefix."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from zoo.cards import Card
from zoo.commands.parts.arguments import positive
from zoo.tokenizer import Tokenizer

from ...anchors import ANCHORS
from ...metrics import SampleMetric
from ...metrics.dnsmos import Dnsmos
from ...metrics.pesq import Pesq
from ...metrics.si_sdr import SiSdr
from ...metrics.speaker import SpeakerSimilarity
from ...metrics.spectral import RATE, MelDistance, StftDistance
from ...metrics.stoi import Stoi
from ...metrics.visqol import Visqol
from ...metrics.wer import WordErrors
from ...reconstruction import arguments
from ...reconstruction.ends import SoundEnds
from ...reconstruction.plan import ReconstructionPlan
from ...reconstruction.select import select
from ...reconstruction.setup import Setup

VERSION = 1
VERB = None
Maker = Callable[[], SampleMetric]
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
    parser.add_argument(
        "--asr", type=Path, metavar="FOLDER", help="a recogniser of transformers, for wer"
    )
    parser.add_argument(
        "--transcripts",
        type=Path,
        metavar="FILE.tsv",
        help="what is said, a line 'sample<tab>text' each, for wer; else it is compared with what "
        "the recogniser hears in the reference",
    )
    parser.add_argument(
        "--speaker", type=Path, metavar="FOLDER", help="WavLM with x-vectors, for speaker"
    )


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded."""
    arguments.check(card, args, "audio")


def plan(tok: Tokenizer, args: argparse.Namespace) -> ReconstructionPlan:
    """The task on a loaded tokenizer."""
    setup = Setup.of(tok, args)
    metrics, skipped = select(makers(args.spectral_rate, args), USUAL, args.metrics)
    anchors = [ANCHORS["audio"][name]() for name in args.anchors]
    return ReconstructionPlan(
        setup, SoundEnds(setup, args.reference), metrics, {}, skipped, anchors
    )


def makers(rate: int, args: argparse.Namespace | None = None) -> dict[str, Maker]:
    """Every metric of the task, by name; those of models by path need the arguments."""
    asr, speaker, transcripts, device = (
        getattr(args, name, None) for name in ("asr", "speaker", "transcripts", "device")
    )
    listening: dict[str, Maker] = {
        "visqol": partial(Visqol, "audio"),
        "visqol_speech": partial(Visqol, "speech"),
        "dnsmos": Dnsmos,
        "wer": partial(WordErrors, asr, transcripts, device or "cpu"),
        "speaker": partial(SpeakerSimilarity, speaker, device or "cpu"),
    }
    return {
        "si_sdr": SiSdr,
        "mel": partial(MelDistance, rate),
        "stft": partial(StftDistance, rate),
        "stoi": Stoi,
        "pesq": Pesq,
        **listening,
    }
