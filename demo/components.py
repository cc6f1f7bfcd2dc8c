"""A picture's input that leaves reading to the library, so that it says what is wrong."""

from typing import Any

import gradio as gr


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
