"""Is a file of the source still the one that was listed?"""

import threading
from collections.abc import Iterable

from ..errors import MediaError
from .sources import Shard, store


class Guard:
    """Compares each file once with its size in the manifest, when it is first read."""

    def __init__(self, shards: Iterable[Shard]) -> None:
        self._listed = {shard.path: shard.size for shard in shards if shard.size >= 0}
        self._fine: set[str] = set()
        self._lock = threading.Lock()

    def check(self, path: str) -> None:
        """MediaError where the file is gone or has another size: its offsets mean nothing now."""
        if path in self._fine or path not in self._listed:
            return
        now = store.size_of(path)
        if now < 0:
            raise MediaError(f"{path} is gone since it was listed")
        if now != self._listed[path]:
            raise MediaError(
                f"{path} has {now} bytes, {self._listed[path]} when it was listed: bring the old "
                "file back, or tokenize the new one into another folder"
            )
        with self._lock:
            self._fine.add(path)
