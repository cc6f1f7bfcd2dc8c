"""PSNR of reconstructions against bits; the protocol stands in README.md."""

import argparse
import math
import statistics
from itertools import islice
from typing import Any

from tqdm import tqdm

from zoo.cards import Card
from zoo.commands.parts.arguments import key_value, numbers
from zoo.commands.parts.loading import read_options, without_weights
from zoo.engine.checks import chosen_prefix
from zoo.errors import MediaError, NotSupportedError
from zoo.media import Media, read
from zoo.media.listing import list_entries
from zoo.media.psnr import psnr
from zoo.tokenizer import Tokenizer

VERSION = 1
CHUNK = 64


def add_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare what the task takes beyond model and data."""
    parser.add_argument("--prefix", type=numbers, default=[], help="such as 1,4,16")
    parser.add_argument("--seed", type=int, default=0, help="of the first item's noise")
    parser.add_argument(
        "--option",
        type=key_value,
        action="append",
        default=[],
        dest="options",
        metavar="KEY=VALUE",
        help="of decode, such as steps=20; may be repeated",
    )


def check(card: Card, args: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is loaded.

    Raises:
        NotSupportedError: for a checkpoint that is not for images, or lacks one of the verbs.
        TokenError: for an illegal prefix.
    """
    if card.modality != "image" or not (card.can_encode and card.can_decode):
        raise NotSupportedError(f"image_reconstruction needs images there and back: {card.name}")
    for k in args.prefix:
        chosen_prefix(without_weights(card), k, None)


def run(tok: Tokenizer, args: argparse.Namespace) -> dict[str, Any]:
    """Encode and decode every picture; returns the figures per prefix."""
    prefixes = args.prefix
    options = read_options(tok, args.options, ["decode"])["decode"]
    pictures, failures = _read(args)
    scores: dict[int | None, list[float]] = {k: [] for k in prefixes or [None]}
    bits: dict[int | None, list[float]] = {k: [] for k in scores}
    starts = range(0, len(pictures), CHUNK)
    for start in tqdm(starts, "image_reconstruction", unit="chunk"):
        chunk = pictures[start : start + CHUNK]
        seen = tok.view(chunk)
        full = tok.encode(seen)
        seeds = list(range(args.seed + start, args.seed + start + len(chunk)))
        for k in scores:
            tokens = full if k is None else full.prefix(k)
            decoded = tok.decode(tokens, native=True, seed=seeds, **options)
            pairs = zip(seen.items, decoded.items, strict=True)
            scores[k] += [psnr(a, b) for a, b in pairs]
            bits[k] += (tokens.bits() + tokens.extra_bits()).tolist()
    return {
        "settings": {"prefixes": prefixes, "seed": args.seed, "options": options},
        "data": {"items": len(pictures), "failures": failures},
        "results": [_summary(k, bits[k], values) for k, values in scores.items()],
    }


def table(figures: dict[str, Any]) -> str:
    """The results for people."""
    lines = ["  prefix      bits   PSNR dB  95 %"]
    for row in figures["results"]:
        prefix = "full" if row["prefix"] is None else row["prefix"]
        psnr = "exact" if row["psnr"] is None else f"{row['psnr']:.2f}"
        lines.append(f"{prefix:>8} {row['bits']:>9.1f} {psnr:>9}  +-{row['psnr_half_width']:.2f}")
    return "\n".join(lines)


def _read(args: argparse.Namespace) -> tuple[list[Media], list[dict[str, str]]]:
    pictures, failures = [], []
    for entry in islice(list_entries(args.data), args.limit):
        try:
            pictures.append(read(entry.read(), "image"))
        except MediaError as error:
            failures.append({"item": entry.label, "reason": str(error)})
    if not pictures:
        raise MediaError(f"{args.data} holds no picture that can be read")
    return pictures, failures


def _summary(prefix: int | None, bits: list[float], values: list[float]) -> dict[str, Any]:
    finite = [value for value in values if math.isfinite(value)]
    spread = statistics.stdev(finite) if len(finite) > 1 else 0.0
    return {
        "prefix": prefix,
        "bits": statistics.fmean(bits),
        "psnr": statistics.fmean(finite) if finite else None,
        "psnr_half_width": 1.96 * spread / max(1, len(finite)) ** 0.5,
        "exact": len(values) - len(finite),  # without any error: their PSNR is infinite
    }
