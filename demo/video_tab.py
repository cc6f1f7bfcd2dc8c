"""One video: which patches share an id, and what comes back."""

from typing import Any

import gradio as gr

from .choices import choices
from .components import count_slider
from .examples_here import example_videos
from .loaded import tokenizer
from .messages import PROGRESS, need, telling
from .videos import Watched, encode, show

ASK = "Upload a video first, or choose an example."


def video_tab() -> None:
    """What the model sees, its groups in colour and the reconstruction, in one player."""
    models = choices("video")
    state = gr.State(None)
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            model = gr.Dropdown(
                models, value=models[0][1], label="Tokenizer", elem_id="video-model"
            )
            video = gr.Video(
                sources=["upload", "webcam"], label="Video", height=260, elem_id="video-input"
            )
            gr.Examples(example_videos(), video, label="Examples", cache_examples=False)
            count = gr.Slider(
                1, 12, value=12, step=1, label="codebooks kept", elem_id="video-count"
            )
        with gr.Column(scale=3, min_width=300):
            player = gr.Video(
                label="Side by side", show_label=False, interactive=False,
                autoplay=True, loop=True, elem_id="video-made",
            )  # fmt: skip
            figures = gr.Markdown("", elem_id="video-figures")

    @telling
    def encode_video(path: str | None, name: str, progress=PROGRESS) -> list[Any]:
        if not path:
            return [None, gr.skip(), None, ""]
        progress(0.1, "loading the model")
        tok = tokenizer(name)
        progress(0.4, "encoding")
        watched = encode(path, name)
        progress(0.7, "decoding")
        return [watched, count_slider(tok), *show(watched)]

    @telling
    def decode_video(watched: Watched | None, wanted: float) -> list[Any]:
        need(watched, ASK)
        assert watched is not None
        return list(show(watched, wanted))

    for event, name in ((video.change, "encode_video"), (model.change, None)):
        event(
            encode_video, [video, model], [state, count, player, figures], concurrency_id="model",
            api_name=name, api_visibility="public" if name else "private",
        )  # fmt: skip
    count.release(
        decode_video, [state, count], [player, figures], api_name="decode_video",
        trigger_mode="always_last", concurrency_id="model",
    )  # fmt: skip
