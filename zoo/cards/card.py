"""A card: everything that is known about one checkpoint, parsed and validated. Loads no torch."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..tokens.spec import TokenSpec
from .media import MediaInput, MediaOutput
from .parts import ConfigFrom, Part

OPEN_LICENSES = frozenset(
    [
        "apache-2.0",
        "mit",
        "bsd-2-clause",
        "bsd-3-clause",
        "isc",
        "zlib",
        "unlicense",
        "cc0-1.0",
        "cc-by-3.0",
        "cc-by-4.0",
        "cc-by-sa-3.0",
        "cc-by-sa-4.0",
        "mpl-2.0",
        "gpl-2.0",
        "gpl-3.0",
        "lgpl-2.1",
        "lgpl-3.0",
        "agpl-3.0",
        "odc-by",
    ]
)


@dataclass(frozen=True)
class Upstream:
    """Where a checkpoint was first published, and whose ids it reproduces."""

    repo: str | None = None
    commit: str | None = None
    entry: str | None = None
    paper: str | None = None


@dataclass(frozen=True)
class Card:
    """The facts of one checkpoint; ``zoo.cards.read_card`` makes it.

    ``config`` is the family's configuration as plain values, ``body`` the Markdown below the
    front matter, ``options`` what this
    checkpoint takes by default where that is not the family's default. ``repo`` and ``revision`` are set where the card itself came from the Hub: its
    ``file:`` parts then lie in that repository at that commit.
    """

    name: str
    path: Path
    body: str
    license: str
    family: str
    source: tuple[Part, ...]
    config: dict[str, Any]
    input: MediaInput
    output: MediaOutput
    tokens: TokenSpec
    id_revision: int
    deterministic_decode: bool
    license_name: str | None = None
    license_link: str | None = None
    library_name: str | None = None
    pipeline_tag: str | None = None
    tags: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    model_index: tuple[dict[str, Any], ...] = ()
    aliases: tuple[str, ...] = ()
    config_from: ConfigFrom | None = None
    space: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    dtypes: tuple[str, ...] = ("float32",)
    streamable: bool = False
    can_encode: bool = True
    can_decode: bool = True
    upstream: Upstream = Upstream()
    recipe: str | None = None
    parameters: int | None = None
    repo: str | None = None
    revision: str | None = None
    lines: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def modality(self) -> str:
        """``image``, ``audio`` or ``video``."""
        return self.input.modality

    @property
    def bundled(self) -> bool:
        """Whether all weights ship with the package, so that no network is needed."""
        return all(part.bundled for part in self.source)

    @property
    def has_ids(self) -> bool:
        """Whether there are ids; else ``tokens`` says which ones a codebook would give."""
        return self.can_encode or self.can_decode

    @property
    def open_license(self) -> bool:
        """Whether the weights' licence is one of the open ones; unknown ones are not."""
        return self.license.lower() in OPEN_LICENSES

    @property
    def license_text(self) -> str:
        """The licence's own name, for people."""
        return self.license_name or self.license

    def part(self, name: str) -> Part:
        """The part of the source with this name; KeyError where there is none."""
        for part in self.source:
            if part.name == name:
                return part
        raise KeyError(f"{self.name} has no part {name!r}")

    def at(self, path: str) -> str:
        """``file:line`` of a key such as ``zoo.config.encoder``, or of its nearest parent."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return f"{self.path}:{self.lines.get(path, 1)}"

    @property
    def code_space(self) -> str:
        """The space in which this checkpoint's ids have their meaning.

        The card's own ``space``, else the family and a digest of all that ids depend on: the id
        revision, the configuration, the vocabularies and the weights, by hash where it is known
        and by place where not. Parts that only decode do not count.
        """
        if self.space is not None:
            return self.space
        weights = [
            part.sha256 or f"{self.repo or self.name}|{part.place}"
            for part in self.source
            if part.role in ("encode", "both")
        ]
        facts = {
            "family": self.family,
            "id_revision": self.id_revision,
            "config": self.config,
            "config_from": asdict(self.config_from) if self.config_from else None,
            "tokens": [self.tokens.order, self.tokens.vocab_sizes, self.tokens.positions],
            "weights": weights,
        }
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return f"{self.family}:{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def to_dict(self) -> dict[str, Any]:
        """All facts as plain JSON values, derived ones included; the body is left out."""
        facts = asdict(self)
        for name in ("lines", "body", "repo", "revision"):
            facts.pop(name)
        facts["path"] = str(self.path)
        facts["tokens"] = self.tokens.to_dict()
        for entry, part in zip(facts["source"], self.source, strict=True):
            entry["pinned"] = part.pinned
        facts["code_space"] = self.code_space
        for name in ("modality", "bundled", "open_license"):
            facts[name] = getattr(self, name)
        return json.loads(json.dumps(facts))  # tuples become lists
