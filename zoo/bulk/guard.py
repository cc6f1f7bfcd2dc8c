"""Is a file of the source still the one that was listed?"""

import threading
from collections.abc import Iterable

from ..errors import MediaError
from .sources import Entry, Shard, store


class Guard:
    """Compares each file with its size in the manifest: shards once, when they are first read."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        self._listed = {shard.path: shard.size for shard in shards if shard.size >= 0}
        self._fine: set[str] = set()
        self._lock = threading.Lock()

    def check(self, entry: Entry) -> None:
        """MediaError where the file is gone or has another size: its offsets mean nothing now."""
        path = entry.path
        listed = self._listed.get(path, entry.size)  # a file that is one item knows its own size
        if path in self._fine or listed < 0:
            return
        now = store.size_of(path)
        if now < 0:
            raise MediaError(f"{path} is gone since it was listed")
        if now != listed:
            raise MediaError(
                f"{path} has {now} bytes, {listed} when it was listed: bring the old "
                "file back, or tokenize the new one into another folder"
            )
        if path in self._listed:
            with self._lock:
                self._fine.add(path)
