"""Where weights come from: bundled, beside the card, the Hub, a url; and how they are shared."""

from .publish import export, push
from .resolve import fetch_extra, resolve

__all__ = ["export", "fetch_extra", "push", "resolve"]
