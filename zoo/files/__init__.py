"""Where weights come from: bundled, beside the card, the Hub, a url."""

from .resolve import fetch_extra, resolve

__all__ = ["fetch_extra", "resolve"]
