"""Parts that several tabs have: the input for pictures, the slider over what is kept."""

from typing import Any

import gradio as gr

from zoo.tokenizer import Tokenizer


def picture_input(value: str | None = None, **options: Any) -> gr.Image:
    """``gr.Image`` whose value is the path of the uploaded file, byte for byte.

    Gradio's own opens the file first: what is no picture would be its error, and orientation, alpha
    and depth would not be the library's to handle.
    """
    made = gr.Image(value, type="filepath", image_mode=None, **options)
    made.preprocess = _path
    return made


def _path(payload: Any) -> str | None:
    return None if payload is None else payload.path


def count_slider(tok: Tokenizer, wanted: float | None = None) -> Any:
    """The one knob as this tokenizer has it: from its shortest to its longest prefix."""
    if not tok.prefixes:
        return gr.Slider(0, 1, value=1, interactive=False, label="Whole: these ids cannot be cut")
    low, high = min(tok.prefixes), max(tok.prefixes)
    unit = tok.spec.prefixes.unit if tok.spec.prefixes else "tokens"
    value = high if wanted is None else min(max(wanted, low), high)
    return gr.Slider(low, high, value=value, step=1, interactive=True, label=f"{unit} kept")
