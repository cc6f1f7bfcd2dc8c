"""Reading ahead of the networks: how far, and whose fault an error is."""

import pytest
import torch

from zoo.bulk import feed as bulk_feed
from zoo.bulk.feed import Failure, Feed
from zoo.bulk.guard import Guard
from zoo.bulk.sources import Entry
from zoo.errors import MediaError, NotSupportedError
from zoo.media import Prepared
from zoo.tokens import Origin


class Numbers:
    """A source whose items are their numbers."""

    def read(self, entry: Entry) -> int:
        return int(entry.key)


def test_large_items_are_read_fewer_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_feed, "AHEAD_BYTES", 3000)
    begun: list[int] = []

    def prepare(item: int) -> Prepared:
        begun.append(item)
        return Prepared(torch.zeros(1000, dtype=torch.uint8), Origin())

    feed = Feed(Numbers(), Guard([]), prepare, {}, workers=2)  # pyright: ignore[reportArgumentType]
    entries = [Entry(str(number), "") for number in range(40)]
    seen = 0
    for _, items in feed.run([(0, entries[:30]), (1, entries[30:])]):
        for entry, _ in items:
            assert entry.key == str(seen)
            assert len(begun) <= seen + 5
            seen += 1
    assert sorted(begun) == list(range(40))


def test_a_missing_package_is_no_items_fault() -> None:
    def prepare(item: int) -> Prepared:
        raise NotSupportedError("this needs the package x") if item else MediaError("bad")

    feed = Feed(Numbers(), Guard([]), prepare, {}, workers=1)  # pyright: ignore[reportArgumentType]
    units = feed.run([(0, [Entry("0", ""), Entry("1", "")])])
    _, items = next(units)
    assert next(items)[1] == Failure("MediaError", "bad")
    with pytest.raises(NotSupportedError, match="package x"):
        next(items)
