"""Which forms there are, and the call that writes one."""

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

from ...errors import NotSupportedError
from ..dataset import TokenDataset


def form_names() -> list[str]:
    """Every form: a module of this folder whose name is not that of a helper."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if module.name != "forms")


def check_form(form: str) -> None:
    """NotSupportedError, naming the forms, for one that there is not."""
    if form not in form_names():
        known = ", ".join(form_names())
        raise NotSupportedError(f"no form {form!r}; expected one of {known}")


def export(data: TokenDataset, form: str, place: Path, **layout: Any) -> list[Path]:
    """Write a data set in one form; returns the files.

    ``layout`` is that of :meth:`zoo.Tokens.ids`, for forms that hold streams.

    Raises:
        NotSupportedError: for an unknown form, or a data set that it cannot hold.
    """
    check_form(form)
    if not len(data):
        raise NotSupportedError(f"{data.folder} has no tokens, errors alone: nothing to export")
    return import_module(f".{form}", __package__).write(data, place, layout)
