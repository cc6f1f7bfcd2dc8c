"""Which tokenizers a person can choose from, with what they should know before they do."""

import zoo
from zoo.cards import Card
from zoo.cards.table import weights_text


def choices(modality: str, *, families: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """(text, name) of every tokenizer that encodes and decodes; bundled ones stand first.

    What is not bundled is downloaded when it is first used: its size and licence stand beside it.
    """
    cards = [zoo.card(name) for name in zoo.list_models(modality=modality)]
    usable = [card for card in cards if card.can_encode and card.can_decode]
    if families:
        usable = [card for card in usable if card.family in families]
    usable.sort(key=lambda card: (not card.bundled, card.name))
    return [(_text(card), card.name) for card in usable]


def bundled(modality: str) -> list[str]:
    """Names of those that work with no network."""
    return [name for _, name in choices(modality) if zoo.card(name).bundled]


def _text(card: Card) -> str:
    if card.bundled:
        return f"{card.name} (bundled)"
    return f"{card.name} ({weights_text(card)}; licence: {card.license_text})"
