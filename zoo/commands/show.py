"""Show what is known about a checkpoint, from its card. Weights are not downloaded.

zoo show flextok-tiny
zoo show flextok-tiny --options
zoo show ./my-checkpoint --json
"""

import argparse
from typing import TYPE_CHECKING

from ..registry import card
from .parts.arguments import NAME_HELP
from .parts.sheet import card_sheet
from .parts.text import sheet, tell

if TYPE_CHECKING:
    from ..engine.options import OptionInfo

SUMMARY = "show a checkpoint's facts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("name", help=NAME_HELP)
    parser.add_argument(
        "--options", action="store_true", help="also its options (takes seconds: loads its code)"
    )


def run(args: argparse.Namespace) -> None:
    """Print the card as a sheet."""
    found = card(args.name)
    facts = found.to_dict() | {"prefix_bits": found.tokens.prefix_bits}
    text = card_sheet(found)
    if args.options:
        from .parts.loading import without_weights

        options = without_weights(found).options
        facts["options"] = [_option_facts(info) for info in options]
        lines = [(f"{info.verb}  {info.name}", _option_text(info)) for info in options]
        text += "\noptions (--option KEY=VALUE)\n" + sheet(lines) if lines else "\nno options\n"
    tell(args, text, facts)


def _option_text(info: "OptionInfo") -> str:
    default = str(info.default)
    if info.default is None or info.kind is bool:
        default = default.lower()  # as --option takes it
    expected = "true or false" if info.kind is bool else info.expected
    return f"{default}  ({expected}): {info.doc}"


def _option_facts(info: "OptionInfo") -> dict[str, object]:
    names = ("verb", "name", "default", "doc", "low", "high", "choices")
    return {"kind": info.kind.__name__, **{name: getattr(info, name) for name in names}}
