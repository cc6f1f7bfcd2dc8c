"""Two pictures and their ids: click some, swap or change them, and see what they carry."""

from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from .choices import choices
from .components import picture_input
from .drawing import ids_picture, sheet_of
from .edits import Places, changed, parse_id, parse_places, swapped
from .examples_here import example_pictures
from .loaded import tokenizer
from .messages import PROGRESS, need, telling
from .pictures import Encoded, encode, rebuild

ASK = "Give both pictures first."


@dataclass(frozen=True)
class Pair:
    """Two encoded pictures, as they were and as they are now, and the ids that are chosen."""

    before: tuple[Encoded, Encoded]
    now: tuple[Encoded, Encoded]
    chosen: Places = frozenset()


def edit_tab() -> None:
    """Ids of both pictures are one selection: what is chosen in one is chosen in the other."""
    models, examples = choices("image"), example_pictures()
    state = gr.State(None)
    gr.Markdown("Click ids below, or write ranges; what is framed is swapped or changed.")
    model = gr.Dropdown(models, value=models[0][1], label="Tokenizer")
    inputs, made, ids = [], [], []
    with gr.Row():
        for place, letter in enumerate("AB"):
            with gr.Column(min_width=280):
                inputs.append(
                    picture_input(
                        examples[min(place, len(examples) - 1)],
                        label=f"Picture {letter}",
                        height=220,
                        elem_id=f"edit-input-{letter}",
                    )  # fmt: skip
                )
                made.append(
                    gr.Image(label=f"{letter} now", interactive=False, height=320, format="png")
                )
                ids.append(
                    gr.Image(
                        label=f"Ids of {letter}",
                        interactive=False,
                        format="png",
                        elem_id=f"edit-ids-{letter}",
                        buttons=[],
                    )  # fmt: skip
                )
    with gr.Row():
        start = gr.Button("Encode both", variant="primary", elem_id="edit-start")
        ranges = gr.Textbox(label="Chosen positions", placeholder="0-3, 8", elem_id="edit-ranges")
        value = gr.Textbox(label="New id", placeholder="empty: random ids")
    with gr.Row():
        swap = gr.Button("Swap between A and B", elem_id="edit-swap")
        change = gr.Button("Change in A")
        reset = gr.Button("Back to the originals")
    said = gr.Markdown("", elem_id="edit-said")
    shown = [state, *made, *ids, said]

    @telling
    def encode_pair(one: str | None, other: str | None, name: str, progress=PROGRESS) -> list[Any]:
        need(one and other or None, ASK)
        assert one is not None
        assert other is not None
        progress(0.1, "loading the model")
        tokenizer(name)
        progress(0.5, "encoding")
        both = (encode(one, name), encode(other, name))
        return _shown(Pair(both, both), "Encoded.")

    @telling
    def choose(pair: Pair | None, event: gr.SelectData) -> list[Any]:
        need(pair, ASK)
        assert pair is not None
        place = sheet_of(pair.now[0].tokens).at(*event.index)
        if place is None:
            return [pair, gr.skip(), gr.skip(), gr.skip()]
        return _marked(replace(pair, chosen=pair.chosen ^ {place}))

    @telling
    def choose_ranges(pair: Pair | None, text: str) -> list[Any]:
        need(pair, ASK)
        assert pair is not None
        sheet = sheet_of(pair.now[0].tokens)
        return _marked(replace(pair, chosen=parse_places(text, sheet.positions, sheet.slots)))

    @telling
    def swap_ids(pair: Pair | None, text: str) -> list[Any]:
        pair = _with_choice(pair, text)
        one, other = pair.now
        tokens = swapped(one.tokens, other.tokens, pair.chosen)
        now = (replace(one, tokens=tokens[0]), replace(other, tokens=tokens[1]))
        return _shown(replace(pair, now=now), f"{len(pair.chosen)} ids swapped.")

    @telling
    def change_ids(pair: Pair | None, text: str, number: str) -> list[Any]:
        pair = _with_choice(pair, text)
        one, other = pair.now
        wanted = parse_id(number)
        tokens = changed(one.tokens, pair.chosen, wanted, one.model)
        return _shown(
            replace(pair, now=(replace(one, tokens=tokens), other)),
            f"{len(pair.chosen)} ids of A changed.",
        )

    @telling
    def back(pair: Pair | None) -> list[Any]:
        need(pair, ASK)
        assert pair is not None
        return _shown(Pair(pair.before, pair.before, pair.chosen), "As it was.")

    heavy: dict[str, Any] = {"outputs": shown, "concurrency_id": "model"}
    start.click(encode_pair, [*inputs, model], api_name="encode_pair", **heavy)
    for sheet in ids:
        # "multiple": a click that comes while the one before is still being answered counts, too
        sheet.select(
            choose,
            state,
            [state, *ids, ranges],
            trigger_mode="multiple",
            api_visibility="private",
        )  # fmt: skip
    ranges.submit(choose_ranges, [state, ranges], [state, *ids, ranges], api_name="choose_ids")
    swap.click(swap_ids, [state, ranges], api_name="swap_ids", **heavy)
    change.click(change_ids, [state, ranges, value], api_name="change_ids", **heavy)
    reset.click(back, state, api_name="original_ids", **heavy)


def _with_choice(pair: Pair | None, text: str) -> Pair:
    """The pair with what the text field says chosen, which clicks write into as well."""
    need(pair, ASK)
    assert pair is not None
    if text.strip() and text != _text(pair.chosen):
        sheet = sheet_of(pair.now[0].tokens)
        pair = replace(pair, chosen=parse_places(text, sheet.positions, sheet.slots))
    need(pair.chosen or None, "Choose ids first: click them, or write positions.")
    return pair


def _marked(pair: Pair) -> list[Any]:
    pictures = [ids_picture(one.tokens, chosen=pair.chosen) for one in pair.now]
    return [pair, *pictures, _text(pair.chosen)]


def _shown(pair: Pair, text: str) -> list[Any]:
    made = [rebuild(one).made for one in pair.now]
    return [pair, *made, *_marked(pair)[1:3], text]


def _text(chosen: Places) -> str:
    return ", ".join(str(position) for position in sorted({place[1] for place in chosen}))
