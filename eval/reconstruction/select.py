"""Which metrics a run can compute: what is missing is said, and the others run all the same."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from zoo.errors import NotSupportedError, ZooError

T = TypeVar("T")
EVAL_AUDIO = (
    "ai_edge_litert", "jiwer", "librosa", "onnxruntime", "pandas", "requests", "speechmos", "visqol",
)  # fmt: skip
"""What the extra of that name brings."""


def select(
    makers: Mapping[str, Callable[[], T]], usual: Iterable[str] | None, asked: Iterable[str] | None
) -> tuple[dict[str, T], list[dict[str, str]]]:
    """Make the asked metrics, or the usual ones; returns them and what had to be skipped.

    A metric that somebody asked for by name and that cannot be had is an error; one that is only
    usual is skipped, with the reason.

    Raises:
        ZooError: naming what is missing, and where it comes from.
    """
    found, skipped = {}, []
    for name in (usual or ()) if asked is None else asked:
        try:
            found[name] = made(makers[name], name)
        except ZooError as error:
            if asked is not None:
                raise
            skipped.append({"metric": name, "reason": str(error)})
    return found, skipped


def made(maker: Callable[[], T], name: str) -> T:
    """What ``maker`` makes; a package that is missing is named, with the way out."""
    try:
        return maker()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = "eval-audio" if package in EVAL_AUDIO else "eval"
        raise NotSupportedError(
            f"{name} needs the package {error.name}: pip install 'tokenizer-zoo[{extra}]'"
        ) from error
