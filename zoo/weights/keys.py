"""Key tables: how the tensor names of a published checkpoint become ours.

A table is data: an ordered tuple of rules, the first match wins. What no rule matches is an
error, so nothing is ever dropped by accident.

>>> table = (
...     Rule("encoder.layers.{i}.wq.weight", "encoder.blocks.{i}.query.weight"),
...     Rule("loss.{rest*}", None, why="training only"),
... )
>>> rename("encoder.layers.3.wq.weight", table)
'encoder.blocks.3.query.weight'
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

_HOLE = re.compile(r"\{([a-z_][a-z0-9_]*)(\*?)\}")


@dataclass(frozen=True)
class Rule:
    """One line of a key table.

    ``theirs`` is the published name, where ``{x}`` stands for one dotted component and ``{x*}``
    for any number of them, at least one; the same holes fill ``ours``. ``ours`` None drops the
    tensor on purpose, and ``why`` says the purpose. ``change`` makes our tensor from theirs: it
    may move and reshape (transpose, slice), and must run on the meta device too. ``beside`` names
    a second published tensor that ``change`` takes as well (the norms of weight norm).
    """

    theirs: str
    ours: str | None
    why: str = ""
    change: Callable[..., Tensor] | None = None
    beside: str | None = None

    def __post_init__(self) -> None:
        holes = {name for name, _ in _HOLE.findall(self.theirs)}
        for filled in (self.ours or "", self.beside or ""):
            unknown = {name for name, _ in _HOLE.findall(filled)} - holes
            if unknown:
                raise ValueError(f"{filled!r} fills {unknown}, which {self.theirs!r} does not have")
        if self.beside and self.change is None:
            raise ValueError(f"{self.theirs!r} has beside= but no change= to use it")
        if self.ours is None and not self.why:
            raise ValueError(f"{self.theirs!r} is dropped without a reason; give why=")

    def match(self, key: str) -> dict[str, str] | None:
        """What stands in the holes if ``key`` fits ``theirs``, else None."""
        found = _pattern(self.theirs).fullmatch(key)
        return None if found is None else found.groupdict()

    def target(self, holes: dict[str, str]) -> str | None:
        """Our name, with the holes filled."""
        return _filled(self.ours, holes)

    def second(self, key: str) -> str | None:
        """The published name of the second tensor, for a ``key`` that fits ``theirs``."""
        return _filled(self.beside, self.match(key) or {})


KeyTable = tuple[Rule, ...]

SAME: KeyTable = (Rule("{all*}", "{all*}"),)
"""The table of files that already have our names."""


def find_rule(key: str, table: KeyTable) -> tuple[Rule, str | None]:
    """The first rule that fits ``key``, and our name by it (None: dropped).

    Raises:
        KeyError: if no rule fits.
    """
    for rule in table:
        holes = rule.match(key)
        if holes is not None:
            return rule, rule.target(holes)
    raise KeyError(key)


def rename(key: str, table: KeyTable) -> str | None:
    """Our name for a published one; None where it is dropped on purpose.

    Raises:
        KeyError: if no rule fits.
    """
    return find_rule(key, table)[1]


def _filled(name: str | None, holes: dict[str, str]) -> str | None:
    return None if name is None else _HOLE.sub(lambda hole: holes[hole[1]], name)


@lru_cache(maxsize=4096)
def _pattern(theirs: str) -> re.Pattern[str]:
    parts, seen, end = [], set(), 0
    for hole in _HOLE.finditer(theirs):
        parts.append(re.escape(theirs[end : hole.start()]))
        name, many = hole.groups()
        inner = r"[^.]+(?:\.[^.]+)*" if many else r"[^.]+"
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>{inner})")
        seen.add(name)
        end = hole.end()
    return re.compile("".join(parts) + re.escape(theirs[end:]))
