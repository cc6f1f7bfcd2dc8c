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
    other published tensors that ``change`` takes as well (the norms of weight norm).

    ``theirs`` None is for what a file may lack: our tensors named ``ours``, holes and all, are
    then zero, and ``why`` says why that is right.
    """

    theirs: str | None
    ours: str | None
    why: str = ""
    change: Callable[..., Tensor] | None = None
    beside: str | tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.beside, str):
            object.__setattr__(self, "beside", (self.beside,))
        if self.theirs is None:
            if not (self.ours and self.why) or self.change or self.beside:
                raise ValueError("a rule for what a file may lack has ours= and why=, nothing else")
            return
        holes = {name for name, _ in _HOLE.findall(self.theirs)}
        for filled in (self.ours or "", *self.beside):
            unknown = {name for name, _ in _HOLE.findall(filled)} - holes
            if unknown:
                raise ValueError(f"{filled!r} fills {unknown}, which {self.theirs!r} does not have")
        if self.beside and self.change is None:
            raise ValueError(f"{self.theirs!r} has beside= but no change= to use it")
        if self.ours is None and not self.why:
            raise ValueError(f"{self.theirs!r} is dropped without a reason; give why=")

    def match(self, key: str) -> dict[str, str] | None:
        """What stands in the holes if ``key`` fits ``theirs``, else None."""
        found = None if self.theirs is None else _pattern(self.theirs).fullmatch(key)
        return None if found is None else found.groupdict()

    def target(self, holes: dict[str, str]) -> str | None:
        """Our name, with the holes filled."""
        return None if self.ours is None else _filled(self.ours, holes)

    def others(self, key: str) -> list[str]:
        """The published names in ``beside``, for a ``key`` that fits ``theirs``."""
        holes = self.match(key) or {}
        return [_filled(name, holes) for name in self.beside]


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


def zero_reason(name: str, table: KeyTable) -> str | None:
    """Why a tensor of ours that no file has is zero; None where that is an error."""
    for rule in table:
        if rule.theirs is None and _pattern(rule.ours or "").fullmatch(name):
            return rule.why
    return None


def _filled(name: str, holes: dict[str, str]) -> str:
    return _HOLE.sub(lambda hole: holes[hole[1]], name)


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
