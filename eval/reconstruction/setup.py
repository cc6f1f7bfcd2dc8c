"""A reconstruction run as its command line asks for it."""

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoo.commands.parts.loading import read_options
from zoo.tokenizer import Tokenizer


@dataclass(frozen=True)
class Setup:
    """What is done to every sample, apart from measuring."""

    tok: Tokenizer
    prefixes: tuple[int | None, ...]
    """Qualities, coarse to full; None: the only one of a tokenizer without any."""
    seed: int
    encode: Mapping[str, Any]
    decode: Mapping[str, Any]
    """Options of the two verbs that were given."""
    batch_size: int | None
    cluster: str | None
    flops: bool = False
    """Whether the networks' operations are counted as they run."""

    @classmethod
    def of(cls, tok: Tokenizer, args: argparse.Namespace) -> "Setup":
        """Read the arguments of :mod:`.arguments`."""
        options = read_options(tok, args.options, ["encode", "decode"])
        known = tuple(tok.prefixes)
        prefixes = known if args.all_prefixes else tuple(sorted(set(args.prefix)))
        return cls(
            tok,
            prefixes or known[-1:] or (None,),
            args.seed,
            options["encode"],
            options["decode"],
            args.batch_size,
            args.cluster,
            getattr(args, "flops", False),
        )

    @property
    def settings(self) -> dict[str, Any]:
        """All of it as plain JSON, the defaults of options included."""
        verbs: dict[str, dict[str, Any]] = {"encode": {}, "decode": {}}
        for info in self.tok.options:
            value = getattr(self, info.verb).get(info.name, info.default)
            verbs[info.verb][info.name] = value if _is_plain(value) else repr(value)
        return {"prefixes": list(self.prefixes), "seed": self.seed, **verbs}

    def cluster_of(self, sample: str) -> str:
        """The cluster that a sample's id names; an id without one is a cluster of its own."""
        assert self.cluster is not None
        match = re.search(self.cluster, sample)
        return sample if match is None else match.group(1 if match.re.groups else 0)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def key(prefix: int | None) -> str:
    """How rows and arrays name a quality."""
    return "full" if prefix is None else str(prefix)
