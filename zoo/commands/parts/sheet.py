"""A card as a readable sheet. Loads no torch."""

from collections.abc import Iterable, Mapping
from typing import Any

from ...cards import AudioInput, Card, MediaInput, MediaOutput, Part, VideoInput
from ...cards.table import bits_text, count_text
from ...tokens.checks import show
from .qualities import usual_prefixes
from .text import number, sheet


def card_sheet(card: Card) -> str:
    """All facts of a card beneath its name."""
    verbs = [verb for verb in ("encode", "decode") if getattr(card, f"can_{verb}")]
    chance = "the same result every time" if card.deterministic_decode else "the seed decides"
    up = card.upstream
    commit = f" at {up.commit[:12]}" if up.commit else ""
    facts = [
        ("aliases", ", ".join(card.aliases)),
        ("family", card.family),
        ("takes", _input_text(card.input)),
        ("gives", _output_text(card.output)),
        ("can", (", ".join(verbs) or "features only") + (", stream" if card.streamable else "")),
        ("decoding", chance if card.can_decode else ""),
        ("tokens", _tokens_text(card)),
        ("prefixes", list(_prefix_lines(card))),
        ("code space", f"{card.code_space} (id revision {card.id_revision})"),
        ("dtypes", ", ".join(card.dtypes)),
        ("parameters", f"{card.parameters:,}" if card.parameters else ""),
        ("weights", [_part_text(part) for part in card.source]),
        ("licence", [_licence_text(card), card.license_link or ""]),
        ("trained on", list(card.datasets)),
        ("recipe", card.recipe or ""),
        ("upstream", [f"{up.repo or ''}{commit}", up.entry or "", up.paper or ""]),
        ("results", list(_result_lines(card.model_index))),
        ("card", str(card.path)),
    ]
    return f"{card.name}\n{sheet(facts)}"


def _input_text(given: MediaInput) -> str:
    if isinstance(given, AudioInput):
        return f"audio, {given.sample_rate} Hz, {_channels(given.channels)}"
    height, width = given.size
    text = f"{given.modality}, {height} x {width} pixels ({given.fit}, {given.interpolation})"
    if isinstance(given, VideoInput):
        text += f", {given.frames} frames" if given.frames else ", any number of frames"
        text += f" at {given.fps:g} per second" if given.fps else ""
    return text


def _output_text(given: MediaOutput) -> str:
    parts = [f"{given.size[0]} x {given.size[1]} pixels"] if given.size else []
    parts += [f"{given.sample_rate} Hz"] if given.sample_rate else []
    parts += [_channels(given.channels)] if given.channels else []
    parts += [f"{given.fps:g} frames per second"] if given.fps else []
    return ", ".join(parts)


def _channels(count: int) -> str:
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _tokens_text(card: Card) -> str:
    if not card.has_ids:
        return "none: it has no codebook"
    spec = card.tokens
    slots = f"{spec.num_slots} slots" if spec.num_slots > 1 else "1 slot"
    text = f"{count_text(card)} in order {spec.order}; {slots}, vocabulary {show(spec.vocab_sizes)}"
    if len(set(spec.vocab_sizes)) == 1:
        text = text.replace(show(spec.vocab_sizes), str(spec.vocab_sizes[0]))
    return f"{text}; {bits_text(card)} bits" if spec.positions else f"{text}; {bits_text(card)}"


def _prefix_lines(card: Card) -> Iterable[str]:
    spec, bits = card.tokens, card.tokens.prefix_bits
    if not card.has_ids:
        return
    if spec.prefixes is None:
        yield "none: only all ids together decode"
        return
    yield f"{spec.prefixes} ({spec.prefixes.unit})"
    rate = None if spec.prefixes.axis == "position" else spec.token_rate
    per_item = spec.prefixes.axis == "position" or spec.positions is not None
    unit = "bits" if per_item else "bit/s" if rate else "bits per position"
    scale = 1.0 if per_item or rate is None else rate
    few = [f"{k}: {number(bits[k] * scale)}" for k in usual_prefixes(spec)]
    yield f"{unit} at {', '.join(few)}"


def _part_text(part: Part) -> str:
    verb = {"both": "encode and decode", "lazy": "on first use"}.get(part.role, part.role)
    place = f"bundled: {part.place}" if part.bundled else part.place
    return f"{part.name} ({verb}): {place}{'' if part.pinned else ', not pinned'}"


def _licence_text(card: Card) -> str:
    return card.license_text if card.open_license else f"{card.license_text} (not an open licence)"


def _result_lines(index: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for model in index:
        for result in model.get("results", ()):
            data = result.get("dataset") or {}
            where = [data.get("name") or data.get("type"), data.get("config"), data.get("split")]
            source = (result.get("source") or {}).get("name")
            for metric in result.get("metrics", ()):
                name = metric.get("name") or metric["type"]
                place = ", ".join(str(word) for word in where if word)
                yield f"{name} {metric['value']} ({place})" + (f", by {source}" if source else "")
