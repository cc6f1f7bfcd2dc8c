"""One sound: hear and see what each codebook adds."""

from typing import Any

import gradio as gr

from .choices import choices
from .components import count_slider
from .examples_here import example_sounds
from .loaded import tokenizer
from .messages import PROGRESS, need, telling
from .sounds import Heard, Played, encode, play, streamed
from .temporary import temporary_file

ASK = "Record or upload a sound first, or choose an example."


def audio_tab() -> None:
    """Player, waveform and spectrogram, above one another for original and reconstruction."""
    models = choices("audio")
    state = gr.State(None)
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            model = gr.Dropdown(models, value=models[0][1], label="Codec", elem_id="audio-model")
            sound = gr.Audio(
                sources=["upload", "microphone"], type="filepath", label="Sound",
                elem_id="audio-input", editable=False,
            )  # fmt: skip
            gr.Examples(example_sounds(), sound, label="Examples", cache_examples=False)
            count = gr.Slider(1, 8, value=8, step=1, label="codebooks kept", elem_id="audio-count")
            stream = gr.Button("Encode it in chunks, as a stream", elem_id="audio-stream")
            chunks = gr.Markdown("", elem_id="audio-chunks")
        with gr.Column(scale=3, min_width=300):
            figures = gr.Markdown("", elem_id="audio-figures")
            made = gr.Audio(
                label="Reconstruction", interactive=False, elem_id="audio-made", format="wav"
            )
            pictures = []
            with gr.Row():
                for who in ("Original", "Reconstruction"):
                    with gr.Column(min_width=240):
                        gr.Markdown(who)
                        pictures += [_plain(f"waveform, {who}"), _plain(f"spectrogram, {who}")]
            gr.Markdown("Ids, a row per codebook")
            ids = _plain("ids")
    shown = [made, *pictures, ids, figures]

    @telling
    def encode_sound(path: str | None, name: str, progress=PROGRESS) -> list[Any]:
        if not path:
            return [None, gr.skip(), *[None] * 6, "", ""]
        progress(0.1, "loading the model")
        tok = tokenizer(name)
        progress(0.4, "encoding")
        heard = encode(path, name)
        progress(0.7, "decoding")
        return [heard, count_slider(tok), *_shown(play(heard)), ""]

    @telling
    def decode_sound(heard: Heard | None, wanted: float) -> list[Any]:
        need(heard, ASK)
        assert heard is not None
        return _shown(play(heard, wanted))

    @telling
    def stream_sound(heard: Heard | None, wanted: float) -> str:
        need(heard, ASK)
        assert heard is not None
        return streamed(heard, wanted)

    for event, name in ((sound.change, "encode_sound"), (model.change, None)):
        event(
            encode_sound, [sound, model], [state, count, *shown, chunks], concurrency_id="model",
            api_name=name, api_visibility="public" if name else "private",
        )  # fmt: skip
    count.release(
        decode_sound, [state, count], shown, api_name="decode_sound", trigger_mode="always_last",
        show_progress="minimal", concurrency_id="model",
    )  # fmt: skip
    stream.click(
        stream_sound, [state, count], chunks, api_name="stream_sound", concurrency_id="model"
    )


def _shown(played: Played) -> list[Any]:
    path = temporary_file("reconstruction.wav")
    played.made.save(path)
    return [path, *played.seen, *played.shown, played.ids, played.text]


def _plain(what: str) -> gr.Image:
    """A picture with nothing over it."""
    return gr.Image(
        label=what, show_label=False, alt_text=what, interactive=False, format="png", buttons=[]
    )
