"""The packages that only bulk work needs."""

from importlib import import_module
from typing import Any

from ..errors import NotSupportedError


def needs(module: str, extra: str = "bulk") -> Any:
    """Import an optional package.

    Raises:
        NotSupportedError: naming what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise NotSupportedError(
            f"this needs the package {error.name}: pip install 'tokenizer-zoo[{extra}]'"
        ) from error
