"""Tokens: what ``encode`` returns and ``decode`` takes, and everything that is done to them.

Names are resolved on first use: ``zoo.tokens.spec`` and ``zoo.tokens.origin`` load no torch.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

_HOMES = {
    "Tokens": "container",
    "TokenSpec": "spec",
    "Prefixes": "spec",
    "ExtraSpec": "spec",
    "Origin": "origin",
    "add_to_text_tokenizer": "hf",
    "codes_from_ids": "ids",
    "Layout": "layout",
    "neutral_extras": "extras",
    "pack_codes": "packing",
    "unpack_codes": "packing",
    "pad_codes": "padding",
}

if TYPE_CHECKING:
    from .container import Tokens
    from .extras import neutral_extras
    from .hf import add_to_text_tokenizer
    from .ids import codes_from_ids
    from .layout import Layout
    from .origin import Origin
    from .packing import pack_codes, unpack_codes
    from .padding import pad_codes
    from .spec import ExtraSpec, Prefixes, TokenSpec

__all__ = [
    "ExtraSpec",
    "Layout",
    "Origin",
    "Prefixes",
    "TokenSpec",
    "Tokens",
    "add_to_text_tokenizer",
    "codes_from_ids",
    "neutral_extras",
    "pack_codes",
    "pad_codes",
    "unpack_codes",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(_import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module 'zoo.tokens' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
