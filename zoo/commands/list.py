"""List the checkpoints that 'zoo' knows, from their cards. Nothing is downloaded.

zoo list
zoo list flextok --bundled
zoo list 'flextok-d18-*' --json
"""

import argparse
import sys

from ..cards import Card
from ..cards.media import MODALITIES
from ..cards.table import bits_text, count_text, markdown_table, weights_text
from ..registry import card, list_models
from .parts.text import columns, tell

SUMMARY = "list checkpoints"
_HEADING = ("name", "modality", "tokens", "bits", "vocabulary", "weights", "licence")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "pattern", nargs="?", default="*", help="part of a name, or a shell pattern with * ? [ ]"
    )
    parser.add_argument("--modality", choices=MODALITIES)
    parser.add_argument(
        "--bundled", action="store_true", help="only those that work without network"
    )
    parser.add_argument(
        "--markdown", action="store_true", help="the table of the README, links included"
    )


def run(args: argparse.Namespace) -> None:
    """Print one row per checkpoint."""
    pattern = args.pattern if set(args.pattern) & set("*?[") else f"*{args.pattern}*"
    names = list_models(pattern, modality=args.modality, bundled=True if args.bundled else None)
    cards = [card(name) for name in names]
    if args.markdown and not args.json:
        tell(args, markdown_table(cards), {})
    elif cards or args.json:
        rows = [_HEADING, *map(_row, cards)]
        tell(args, columns(rows), {"models": [_facts(card) for card in cards]})
    else:
        print("no checkpoint fits; 'zoo list' shows all of them", file=sys.stderr)


def _row(card: Card) -> tuple[str, ...]:
    name, sizes = card.name, vocabulary_text(card)
    bits, weights = bits_text(card), weights_text(card)
    return name, card.modality, count_text(card), bits, sizes, weights, card.license_text


def vocabulary_text(card: Card) -> str:
    """``64000``, ``1024 x 8`` or, where slots differ, ``256..4096``."""
    sizes = card.tokens.vocab_sizes
    if not card.has_ids:
        return "none"
    if len(set(sizes)) > 1:
        return f"{min(sizes)}..{max(sizes)}"
    return str(sizes[0]) + (f" x {len(sizes)}" if len(sizes) > 1 else "")


def _facts(card: Card) -> dict[str, object]:
    names = ("name", "aliases", "modality", "family", "bundled", "parameters")
    spec, bits = card.tokens, [*card.tokens.prefix_bits.values()]
    return {name: getattr(card, name) for name in names} | {
        "positions": spec.positions,
        "token_rate": spec.token_rate,
        "vocab_sizes": spec.vocab_sizes if card.has_ids else [],
        "bits_per_position": spec.bits_per_position,
        "prefixes": len(bits),
        "pinned": all(part.pinned for part in card.source),
        "license": card.license_text,
        "open_license": card.open_license,
    }
