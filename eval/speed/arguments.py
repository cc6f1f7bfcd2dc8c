"""The command line of ``zoo bench``."""

import argparse
import ast
from typing import Any

DTYPES = ("float32", "bfloat16", "float16")


def parse(argv: list[str]) -> argparse.Namespace:
    """Parse the words after ``zoo bench``."""
    parser = argparse.ArgumentParser(
        prog="zoo bench",
        description="Measure how fast a tokenizer encodes and decodes, and what it needs. Every "
        "measurement runs in a process of its own; seconds are the fastest call's.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="a name of zoo list, a folder or a card")
    parser.add_argument(
        "--random-weights", action="store_true", help="build it, but load no weights"
    )
    parser.add_argument("--batch", type=_sizes, default=[1], metavar="1,4", help="batch sizes (1)")
    parser.add_argument("--prefix", type=int, metavar="K", help="quality to encode and decode at")
    parser.add_argument("--repeat", type=_positive, default=3, metavar="N", help="timed calls (3)")
    parser.add_argument("--threads", type=_positive, metavar="T", help="CPU threads (torch's own)")
    parser.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda or cuda:1 (cpu)")
    parser.add_argument("--dtype", choices=DTYPES, default="float32", help="number format")
    parser.add_argument("--compile", action="store_true", help="compile the networks first")
    parser.add_argument(
        "--option",
        type=_option,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of encode or decode, such as steps=2; may be repeated",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--only", choices=("encode", "decode"), help="measure one of the two verbs")
    mode.add_argument(
        "--parts", action="store_true", help="measure the parts of the network instead"
    )
    mode.add_argument(
        "--agreement",
        choices=DTYPES[1:],
        metavar="DTYPE",
        help="share of ids that are equal in DTYPE and float32, instead",
    )
    parser.add_argument(
        "--against",
        metavar="OTHER",
        help="another name, or the same one with --other: both take turns in one process",
    )
    parser.add_argument(
        "--other",
        type=_option,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="of OTHER: an option of its verbs, prefix, dtype, compile or random_weights; "
        "--option, --prefix and so on are then NAME's; may be repeated",
    )
    parser.add_argument(
        "--images", metavar="DIR", help="with --agreement: pictures (else made from a seed)"
    )
    parser.add_argument(
        "--limit", type=_positive, default=16, metavar="N", help="with --agreement: pictures (16)"
    )
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S", help="of sounds and videos (5)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of pictures and noise (0)")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    given = parser.parse_args(argv)
    if given.images is not None and given.agreement is None:
        parser.error("--images goes with --agreement; timings use prepared pictures")
    if given.against is not None and (given.parts or given.agreement):
        parser.error("--against measures encode and decode; not with --parts or --agreement")
    if given.other and given.against is None:
        parser.error("--other says something of the one that --against names")
    return given


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected at least 1")
    return value


def _sizes(text: str) -> list[int]:
    try:
        return [_positive(part) for part in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: expected sizes such as 1,4") from error


def _option(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r}: expected key=value")
    words = {"true": True, "false": False, "none": None}
    if value.lower() in words:
        return key, words[value.lower()]
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value  # a word
