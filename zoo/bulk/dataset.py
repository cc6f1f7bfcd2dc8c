"""``zoo.TokenDataset``: what ``zoo tokenize`` wrote, item by item."""

import bisect
import random
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from os import PathLike
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from ..errors import TokenError
from ..media import Media
from ..tokenizer import Tokenizer
from ..tokens import Tokens, TokenSpec
from .job import Job
from .needs import needs
from .rows import from_table, read_facts

KEPT = 8  # files whose rows are held in memory at a time


class TokenDataset(Dataset[Tokens]):
    """Tokens of a whole data set, by number; a torch ``Dataset``.

    >>> data = zoo.TokenDataset("tokens/")           # doctest: +SKIP
    >>> data[0]                                      # Tokens of one item
    >>> data.key(0), len(data)
    >>> data.decode(0).save("first.png")
    >>> loader = torch.utils.data.DataLoader(data, 64, collate_fn=zoo.Tokens.cat)

    Files are mapped, not read: opening takes milliseconds, and a few files' rows are held at a
    time. Items of a finished unit are there at once, also while other units are still written.

    Args:
        folder: the output of ``zoo tokenize``, or any folder of such Parquet files.

    Raises:
        TokenError: for a folder without tokens, or files of different spaces.
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        parquet = needs("pyarrow.parquet")
        self.folder = Path(folder)
        below = self.folder / "tokens"
        place = below if below.is_dir() else self.folder
        self.paths = sorted(p for p in place.glob("*.parquet") if p.name.startswith("part-"))
        if not self.paths:
            raise TokenError(f"{self.folder}: no part-*.parquet of 'zoo tokenize' there")
        schema = parquet.read_schema(self.paths[0])
        self.facts = read_facts(schema, self.paths[0])
        self.spec = TokenSpec.from_dict(self.facts["spec"])
        self.space: str = self.facts["space"]
        self._ends: list[int] = []
        for path in self.paths:
            rows = parquet.read_metadata(path).num_rows
            self._ends.append(rows + (self._ends[-1] if self._ends else 0))
        self._rows = lru_cache(maxsize=KEPT)(self._read)

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, index: int | slice | Sequence[int]) -> Tokens:
        """Tokens of one item, of a slice or of a list of numbers."""
        if isinstance(index, slice):
            index = range(*index.indices(len(self)))
        if isinstance(index, Sequence):
            return Tokens.cat(self._table(one) for one in index)
        return self._table(index)

    def key(self, index: int) -> str:
        """The item's name in the source."""
        table, row = self._place(index)
        return table.column("key")[row].as_py()

    @cached_property
    def keys(self) -> list[str]:
        """All names, in the order of the items."""
        parquet = needs("pyarrow.parquet")
        return [
            key
            for path in self.paths
            for key in parquet.read_table(path, columns=["key"]).column(0).to_pylist()
        ]

    def errors(self) -> Iterator[dict[str, str]]:
        """``key``, ``kind`` and ``reason`` of every item that has no tokens."""
        parquet = needs("pyarrow.parquet")
        for path in sorted((self.folder / "errors").glob("part-*.parquet")):
            yield from parquet.read_table(path).to_pylist()

    def ids(self, index: int | slice | Sequence[int], **layout: Any) -> list[Tensor]:
        """Streams for a language model, laid out as :meth:`zoo.Tokens.ids` says."""
        return self[index].ids(**layout)

    def decode(self, index: int | slice | Sequence[int], **options: Any) -> Media:
        """Media of items, by the tokenizer that made them; loaded on first use."""
        return self.tokenizer.decode(self[index], **options)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that made the ids, loaded by name."""
        from ..loading import load

        return load(Job.load(self.folder).model)

    def stream(
        self, *, shuffle: bool = False, seed: int = 0, rank: int = 0, world: int = 1
    ) -> "TokenStream":
        """The items as an ``IterableDataset``, file by file: for sets that are read in order."""
        return TokenStream(self, shuffle, seed, rank, world)

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["folder"])

    def __repr__(self) -> str:
        return f"TokenDataset({len(self)} items in {len(self.paths)} files, space {self.space!r})"

    def _table(self, index: int) -> Tokens:
        table, row = self._place(index)
        facts = read_facts(table.schema, self.folder)
        if facts["space"] != self.space:
            raise TokenError(
                f"{self.folder}: files of two spaces, {self.space} and {facts['space']}"
            )
        return from_table(table.slice(row, 1), facts, self.spec)

    def _place(self, index: int) -> tuple[Any, int]:
        """The rows of the file that holds an item, and its row there."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"item {index} of {len(self)}")
        index %= len(self)
        file = bisect.bisect_right(self._ends, index)
        return self._rows(file), index - (self._ends[file - 1] if file else 0)

    def _read(self, file: int) -> Any:
        return needs("pyarrow.parquet").read_table(self.paths[file], memory_map=True)


class TokenStream(IterableDataset[Tokens]):
    """Items one after another, each once, over all loader workers and ranks together."""

    def __init__(self, data: TokenDataset, shuffle: bool, seed: int, rank: int, world: int) -> None:
        self.data = data
        self.shuffle = shuffle
        self.seed = seed
        self.rank, self.world = rank, world

    def __iter__(self) -> Iterator[Tokens]:
        worker = get_worker_info()
        part, parts = (worker.id, worker.num_workers) if worker else (0, 1)
        part, parts = self.rank * parts + part, self.world * parts
        files = list(range(len(self.data.paths)))
        if self.shuffle:
            random.Random(self.seed).shuffle(files)
        for file in files[part::parts]:
            start = self.data._ends[file - 1] if file else 0
            rows = list(range(start, self.data._ends[file]))
            if self.shuffle:
                random.Random(f"{self.seed}/{file}").shuffle(rows)
            yield from (self.data[row] for row in rows)
