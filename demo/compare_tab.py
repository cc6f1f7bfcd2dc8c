"""One picture through several tokenizers at equal bits; tokens as files."""

from typing import Any

import gradio as gr

import zoo
from zoo.errors import TokenError
from zoo.media.image import to_pil

from .choices import bundled, choices
from .components import picture_input
from .drawing import enlarged
from .examples_here import example_pictures
from .loaded import tokenizer
from .messages import PROGRESS, need, telling
from .pictures import Encoded, encode, rebuild
from .quality import within
from .temporary import temporary_file

ASK = "Upload a picture first, or choose an example."
HEADS = ["tokenizer", "kept", "ids", "bits", "PSNR (dB)", "times smaller"]
BITS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)


def compare_tab() -> None:
    """A gallery, a table, and the tokens to take away; or tokens brought along, to see."""
    state = gr.State(None)  # name -> Encoded, cut to what is shown
    with gr.Row():
        with gr.Column(scale=2, min_width=280):
            picture = picture_input(
                label="Picture",
                height=260,
                elem_id="compare-input",
            )
            gr.Examples(example_pictures(), picture, label="Examples", cache_examples=False)
            models = gr.Dropdown(
                choices("image"), value=bundled("image"), multiselect=True, label="Tokenizers"
            )
            bits = gr.Dropdown(
                [("all", 0), *((f"at most {b:,} bits", b) for b in BITS)], value=0, label="Bits"
            )
            go = gr.Button("Compare", variant="primary", elem_id="compare-go")
        with gr.Column(scale=3, min_width=300):
            gallery = gr.Gallery(
                label="Reconstructions", columns=2, object_fit="contain", format="png",
                interactive=False, elem_id="compare-gallery",
            )  # fmt: skip
            table = gr.Dataframe(headers=HEADS, interactive=False, elem_id="compare-table")
    with gr.Row():
        with gr.Column(min_width=280):
            which = gr.Dropdown([], label="Tokens of", elem_id="compare-which")
            get = gr.DownloadButton("Download tokens (.safetensors)", elem_id="compare-download")
        with gr.Column(min_width=280):
            tokens_file = gr.File(
                label="Tokens of this page or of 'zoo encode', to decode",
                file_types=[".safetensors"], elem_id="compare-upload",
            )  # fmt: skip
            said = gr.Markdown("")
            decoded = gr.Image(label="Decoded", interactive=False, format="png", visible=False)
            sound = gr.Audio(label="Decoded", interactive=False, visible=False)
            video = gr.Video(label="Decoded", interactive=False, visible=False)

    @telling
    def compare(path: str | None, names: list[str], most: float, progress=PROGRESS) -> list[Any]:
        need(path, ASK)
        need(names or None, "Choose at least one tokenizer.")
        assert path is not None
        found: dict[str, Encoded] = {}
        cells, rows = [], []
        for place, name in enumerate(names):
            progress(place / len(names), f"{name}")
            tok, encoded = tokenizer(name), encode(path, name)
            prefix = within(tok, encoded.tokens, most) if most else None
            if prefix is not None:
                encoded = Encoded(name, encoded.tokens.prefix(prefix), encoded.seen)
            rebuilt = rebuild(encoded)
            if not cells:
                cells.append((rebuilt.seen, "original"))
            one, found[name] = rebuilt.figures, encoded
            over = " (more than asked: its shortest)" if most and one.bits > most else ""
            quality = None if one.psnr is None else round(one.psnr, 2)
            cells.append((rebuilt.made, f"{name}: {one.bits:,.0f} bits{over}"))
            kept = "whole" if prefix is None else str(prefix)
            rows.append([name, kept, one.ids, round(one.bits), quality, round(one.ratio, 1)])
        return [found, cells, rows, gr.Dropdown(list(found), value=next(iter(found)))]

    @telling
    def tokens_of(found: dict[str, Encoded] | None, name: str | None) -> str | None:
        if not found or name not in found:
            return None
        path = temporary_file(f"{name}.safetensors")
        found[name].tokens.save(path)
        return path

    @telling
    def decode_file(path: str | None) -> list[Any]:
        if path is None:
            return ["", *[gr.skip()] * 3]
        tokens = zoo.Tokens.load(path)
        name = str(tokens.made_by.get("checkpoint", ""))
        if name not in zoo.list_models():
            raise TokenError(
                f"these tokens are of {name or 'an unknown tokenizer'}, not one of ours"
            )
        made = tokenizer(name).decode(tokens[:1])
        text = f"{len(tokens)} item(s) of **{name}**, {float(tokens.bits()[0]):,.0f} bits"
        if made.modality == "image":
            shown = [gr.Image(enlarged(to_pil(made.items[0])), visible=True), *_hidden(1, 2)]
        else:
            place = temporary_file("decoded.wav" if made.modality == "audio" else "decoded.mp4")
            made.save(place)
            kind = 1 if made.modality == "audio" else 2
            shown = _hidden(0, 1, 2)
            shown[kind] = (gr.Audio, gr.Video)[kind - 1](place, visible=True)
        return [text, *shown]

    go.click(
        compare, [picture, models, bits], [state, gallery, table, which], api_name="compare",
        concurrency_id="model",
    ).then(tokens_of, [state, which], get, api_name="first_tokens", api_visibility="private")  # fmt: skip
    which.change(tokens_of, [state, which], get, api_name="tokens_of")
    tokens_file.change(
        decode_file, tokens_file, [said, decoded, sound, video], api_name="decode_file",
        concurrency_id="model",
    )  # fmt: skip


def _hidden(*which: int) -> list[Any]:
    return [(gr.Image, gr.Audio, gr.Video)[kind](visible=False) for kind in which]
