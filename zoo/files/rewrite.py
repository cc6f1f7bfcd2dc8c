"""Change a card's ``source`` and leave everything else as its author wrote it."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from ..cards import Card
from ..cards.front import Value, compose, split_front_matter
from ..errors import CardError

LICENCE = ("license", "license_name", "license_link")  # keys of a card's front matter


def rewrite_card(
    card: Card, parts: Mapping[str, dict[str, Any] | None], *, same_ids: bool = True
) -> str:
    """The text of ``card`` with new entries for the named parts of its source (None: without it).

    ``name`` and ``space`` are written down too: a README.md has no name of its own, and the new
    files' hashes must not change what the ids mean. With ``same_ids`` False the weights are new
    ones: their ids have a meaning of their own, so no space is written and a given one is dropped.

    Raises:
        CardError: if ``zoo:`` is not in block form, one key per line.
    """
    text = card.path.read_text(encoding="utf-8-sig")
    front, body = split_front_matter(text, str(card.path))
    zoo = compose(front, str(card.path)).entries()["zoo"]
    if getattr(zoo.node, "flow_style", True):
        raise CardError(f"{card.path}:{zoo.line}: 'zoo:' must be written one key per line")
    lines = front.splitlines()
    entries = zoo.entries()
    indent = " " * zoo.node.start_mark.column
    source = [
        parts.get(part.name, entry.plain())
        for part, entry in zip(card.source, entries["source"].items(), strict=True)
    ]
    block = _dump({"source": [entry for entry in source if entry is not None]}, indent)
    added = {}
    if "name" not in entries:
        added["name"] = card.name
    if "space" not in entries and same_ids:
        added["space"] = card.code_space
    start, stop = _span(zoo, "source", lines)
    lines[start:stop] = [*_dump(added, indent), *block]
    if "space" in entries and not same_ids:
        zoo = compose("\n".join(lines), str(card.path)).entries()["zoo"]
        start, stop = _span(zoo, "space", lines)
        del lines[start:stop]
    return "\n".join(["---", *lines, "---", body])


def _dump(values: dict[str, Any], indent: str) -> list[str]:
    if not values:
        return []
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000)
    return [indent + line for line in text.splitlines()]


def _span(zoo: Value, key: str, lines: list[str]) -> tuple[int, int]:
    """First line of a key and the line after its last; comments above the next key stay."""
    assert isinstance(zoo.node, yaml.MappingNode)
    keys = [(node.value, node.start_mark.line) for node, _ in zoo.node.value]
    index = [name for name, _ in keys].index(key)
    start = keys[index][1]
    if index + 1 < len(keys):
        stop = keys[index + 1][1]
    else:
        end = zoo.node.value[index][1].end_mark
        stop = min(end.line + (1 if end.column else 0), len(lines))
    while lines[stop - 1].lstrip()[:1] in ("", "#"):
        stop -= 1
    return start, stop


def without_keys(text: str, path: str, keys: Sequence[str]) -> str:
    """A card's text without some keys of its front matter."""
    for key in keys:
        front, body = split_front_matter(text, path)
        top, lines = compose(front, path), front.splitlines()
        if key in top.entries():
            start, stop = _span(top, key, lines)
            text = "\n".join(["---", *lines[:start], *lines[stop:], "---", body])
    return text


def with_licence_of(text: str, path: str, card: Card) -> str:
    """A card's text with the licence of ``card`` in place of its own."""
    facts = {key: getattr(card, key) for key in LICENCE if getattr(card, key) is not None}
    front, body = split_front_matter(without_keys(text, path, LICENCE), path)
    return "\n".join(["---", *_dump(facts, ""), *front.splitlines(), "---", body])


def rewrite_facts(text: str, path: str, facts: Mapping[str, Any]) -> str:
    """A card's text with other values for keys of ``zoo:``; keys that it lacks are added.

    Raises:
        CardError: if ``zoo:`` is not in block form, one key per line.
    """
    for key, value in facts.items():
        front, body = split_front_matter(text, path)
        zoo = compose(front, path).entries()["zoo"]
        if getattr(zoo.node, "flow_style", True):
            raise CardError(f"{path}:{zoo.line}: 'zoo:' must be written one key per line")
        lines = front.splitlines()
        block = _dump({key: value}, " " * zoo.node.start_mark.column)
        known = key in zoo.entries()
        start, stop = _span(zoo, key if known else "source", lines)
        lines[start if known else stop : stop] = block
        text = "\n".join(["---", *lines, "---", body])
    return text
