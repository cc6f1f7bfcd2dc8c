"""Where media of a whole data set come from: listed once, read item by item."""

from .base import Entry, Shard, Source
from .find import open_source

__all__ = ["Entry", "Shard", "Source", "open_source"]
