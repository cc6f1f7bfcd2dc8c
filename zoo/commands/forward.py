"""Commands that live outside the core: reached by name, and only when asked for."""

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec

from ..errors import NotSupportedError

FORWARDED = {
    "bench": ("zoo.eval.speed", "measure how fast tokenizers are"),
    "demo": ("zoo.demo.command", "a page in the browser: drop media, see what the tokens keep"),
    "eval": ("zoo.eval.runner", "measure how good tokenizers are"),
    "leaderboard": ("zoo.eval.leaderboard", "results side by side: page, tables, checks"),
}
"""Command -> module whose ``main(argv)`` gets all further words, and a line of help."""


def is_here(name: str) -> bool:
    """Whether this installation has the command's module; nothing of it is run."""
    module = FORWARDED[name][0]
    return find_spec(module.rpartition(".")[0]) is not None and find_spec(module) is not None


def forward(name: str, words: Sequence[str]) -> int:
    """Hand the words to the command's own ``main``; its exit code, 0 where it returns None.

    Raises:
        NotSupportedError: if this installation lacks it, or a package that it needs.
    """
    if not is_here(name):
        raise NotSupportedError(f"zoo {name} is not part of this installation")
    return reach(FORWARDED[name][0], "main", f"zoo {name}")(list(words)) or 0


def reach(
    module: str, attribute: str, what: str, extra: str | None = None
) -> Callable[..., int | None]:
    """``module.attribute``; an optional package that is missing is named, with the way out.

    Raises:
        NotSupportedError: naming what to install.
    """
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "zoo":
            raise
        wanted = f"'tokenizer-zoo[{extra}]'" if extra else error.name
        raise NotSupportedError(
            f"{what} needs the package {error.name}: pip install {wanted}"
        ) from error
