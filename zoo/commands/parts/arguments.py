"""Arguments that several commands have, and the types that check them."""

import argparse
from math import isfinite

NAME_HELP = "a name of 'zoo list', a folder with a card, or hf:owner/repo"


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Where and how the networks run."""
    group = parser.add_argument_group("running")
    group.add_argument("--device", default="cpu", metavar="D", help="cpu, cuda, cuda:1, mps, ...")
    group.add_argument(
        "--dtype", choices=("float32", "bfloat16"), help="of the weights; bfloat16 may change ids"
    )
    group.add_argument(
        "--batch-size", type=positive, metavar="N", help="items at a time (at most 16 by default)"
    )
    group.add_argument(
        "--option",
        type=key_value,
        action="append",
        default=[],
        dest="options",
        metavar="KEY=VALUE",
        help="an option of the tokenizer, see 'zoo show NAME --options'; may be repeated",
    )


def positive(text: str) -> int:
    """A whole number from 1."""
    number = int(text) if text.strip().isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return number


def rate(text: str) -> float:
    """Bits per second."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not (isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"expected bits per second such as 6000, got {text!r}")
    return number


def numbers(text: str) -> list[int]:
    """``1,4,16`` as whole numbers from 1, in this order."""
    return [positive(part) for part in text.split(",")]


def key_value(text: str) -> tuple[str, str]:
    """``steps=20`` as a pair of texts."""
    key, equals, value = text.partition("=")
    if not (equals and key.strip()):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE such as steps=20, got {text!r}")
    return key.strip().replace("-", "_"), value.strip()
