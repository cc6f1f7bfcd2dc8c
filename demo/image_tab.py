"""One picture: more tokens, and it sharpens."""

from typing import Any

import gradio as gr

from .choices import choices
from .components import count_slider, picture_input
from .examples_here import example_pictures
from .loaded import tokenizer
from .messages import PROGRESS, need, telling
from .pictures import Encoded, Rebuilt, encode, rebuild

ASK = "Upload a picture first, or choose an example."


def image_tab() -> None:
    """Model, picture and slider; original and reconstruction over one another."""
    models = choices("image")
    state = gr.State(None)
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            model = gr.Dropdown(
                models, value=models[0][1], label="Tokenizer", elem_id="image-model"
            )
            picture = picture_input(label="Picture", height=300, elem_id="image-input")
            gr.Examples(example_pictures(), picture, label="Examples", cache_examples=False)
        with gr.Column(scale=3, min_width=300):
            count = gr.Slider(1, 64, value=64, step=1, label="tokens kept", elem_id="image-count")
            figures = gr.Markdown("", elem_id="image-figures")
            slider = gr.ImageSlider(
                label="Original | reconstruction", interactive=False, max_height=420,
                elem_id="image-slider", type="pil", format="png",
            )  # fmt: skip
    with gr.Row():
        off = gr.Image(label="Difference (twice)", interactive=False, min_width=260, format="png")
        ids = gr.Image(label="Ids", interactive=False, min_width=260, format="png")
    shown = [slider, off, ids, figures]

    @telling
    def encode_picture(path: str | None, name: str, progress=PROGRESS) -> list[Any]:
        if not path:  # the picture was taken away
            return [None, gr.skip(), None, None, None, ""]
        progress(0.1, "loading the model")
        tok = tokenizer(name)
        progress(0.4, "encoding")
        encoded = encode(path, name)
        progress(0.7, "decoding")
        return [encoded, count_slider(tok), *_shown(rebuild(encoded))]

    @telling
    def decode_picture(encoded: Encoded | None, wanted: float) -> list[Any]:
        need(encoded, ASK)
        assert encoded is not None
        return _shown(rebuild(encoded, wanted))

    for event, name in ((picture.change, "encode_picture"), (model.change, None)):
        event(
            encode_picture, [picture, model], [state, count, *shown], concurrency_id="model",
            api_name=name, api_visibility="public" if name else "private",
        )  # fmt: skip
    count.input(
        decode_picture, [state, count], shown, api_name="decode_picture",
        trigger_mode="always_last", show_progress="minimal", concurrency_id="model",
    )  # fmt: skip


def _shown(rebuilt: Rebuilt) -> list[Any]:
    return [(rebuilt.seen, rebuilt.made), rebuilt.difference, rebuilt.ids, rebuilt.figures.text]
