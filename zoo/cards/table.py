"""The table of checkpoints in the README, made from the cards."""

from collections.abc import Iterable

from ..errors import CardError
from .card import Card

_COLUMNS = ("name", "modality", "family", "tokens", "bits", "weights, parameters", "licence")


def markdown_table(cards: Iterable[Card], link: str = "model_cards/{name}.md") -> str:
    """One row per card, sorted by modality and name; ``link`` is where a card lies."""
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS)]
    order = {"image": 0, "audio": 1, "video": 2}
    for card in sorted(cards, key=lambda card: (order[card.modality], card.family, card.name)):
        name = f"[{card.name}]({link.format(name=card.name)})"
        licence = card.license_text
        if card.license_link:
            licence = f"[{licence}]({card.license_link})"
        cells = (card.modality, card.family, count_text(card), bits_text(card), weights_text(card))
        rows.append((name, *cells, licence))
    return "".join(f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |\n" for row in rows)


def insert_table(text: str, table: str, mark: str = "checkpoints") -> str:
    """``text`` with what is between ``<!-- MARK: begin -->`` and ``end`` replaced by ``table``.

    Raises:
        CardError: if ``text`` lacks the two marks.
    """
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise CardError(f"the text has no lines {begin!r} and {end!r} to put the table between")
    return f"{before}{begin}\n{table}{end}{after}"


def count_text(card: Card) -> str:
    """How many ids an item has: ``1..256``, ``75/s x 8`` or ``49``."""
    if not card.has_ids:
        return "none"
    spec = card.tokens
    slots = f" x {len(spec.vocab_sizes)}" if len(spec.vocab_sizes) > 1 else ""
    if spec.positions is not None:
        cut = spec.prefixes
        if cut is None or cut.axis != "position":
            return f"{spec.positions}{slots}"
        few = cut.sizes if len(cut.sizes) <= 4 else (cut.sizes[0], cut.sizes[-1])
        return (".." if few != cut.sizes else ", ").join(map(str, few)) + slots
    if spec.token_rate is not None:
        return f"{spec.token_rate:.4g}/s{slots}"
    return f"by size{slots}"


def bits_text(card: Card) -> str:
    """Nominal bits at full rate: per item, per second, or per position."""
    if not card.has_ids:
        return "none"
    spec = card.tokens
    if spec.positions is not None:
        return f"{spec.positions * spec.bits_per_position:.0f}"
    if spec.token_rate is not None:
        return f"{spec.token_rate * spec.bits_per_position / 1000:.3g} kbit/s"
    return f"{spec.bits_per_position:.3g} per position"


def weights_text(card: Card) -> str:
    """Where the weights are and how many parameters: ``bundled, 1.2 M``, ``Hub, 2.5 B``."""
    if card.bundled:
        place = "bundled"
    else:
        kinds = {part.kind for part in card.source if not part.bundled}
        place = "Hub" if "hub" in kinds else "download" if "url" in kinds else "local"
        if any(not part.pinned for part in card.source):
            place += " (unpinned)"
    if card.parameters is None:
        return place
    for unit, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if card.parameters >= size:
            return f"{place}, {card.parameters / size:.3g} {unit}"
    return f"{place}, {card.parameters}"
