"""Errors of the library as messages on the page."""

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr

from zoo.errors import ZooError

PROGRESS = gr.Progress()  # as a default it tells Gradio that a function reports how far it is


def telling(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, whose ZooError becomes a message that people can read."""

    @functools.wraps(function)
    def told(*arguments: Any, **more: Any) -> Any:
        try:
            return function(*arguments, **more)
        except ZooError as error:
            raise gr.Error(str(error), title="That did not work", print_exception=False) from error

    return told


def need(value: object, what: str) -> None:
    """A message that asks for what is missing."""
    if value is None:
        raise gr.Error(what, title="Not yet", print_exception=False)
