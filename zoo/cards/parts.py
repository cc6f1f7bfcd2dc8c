"""Where a checkpoint's weights come from: the ``source`` of a card."""

import re
from dataclasses import dataclass

from .fields import NAME, REPO, SHA256, Fields, many, relative_path, text
from .front import Value

ROLES = ("encode", "decode", "both", "lazy")
_URL = re.compile(r"https?://[^\s/]+/\S+")
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubFile:
    """One file of a Hub repository; ``revision`` None means the branch ``main``."""

    repo: str
    file: str
    revision: str | None = None


@dataclass(frozen=True)
class Part:
    """One file of weights and how to read it.

    Exactly one of ``bundled`` (below the models folder), ``hub``, ``url`` and ``file`` (beside
    the card) is set. ``role`` says which verb needs it; ``lazy`` parts are fetched on first use.
    ``format`` names the family's key table, ``keys`` the recorded list of tensor names and
    ``unwrap`` the wrappers of a .pt file, of which the first one present is taken.
    """

    name: str
    role: str
    format: str
    bundled: str | None = None
    hub: HubFile | None = None
    url: str | None = None
    file: str | None = None
    sha256: str | None = None
    keys: str | None = None
    unwrap: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``bundled``, ``hub``, ``url`` or ``file``."""
        return next(kind for kind in _KINDS if getattr(self, kind) is not None)

    @property
    def pinned(self) -> bool:
        """Whether the card alone decides which bytes are loaded."""
        commit = self.hub is not None and _COMMIT.fullmatch(self.hub.revision or "") is not None
        return self.sha256 is not None or commit

    @property
    def place(self) -> str:
        """Where the file is, for people."""
        if self.hub is not None:
            revision = f"@{self.hub.revision}" if self.hub.revision else ""
            return f"hf:{self.hub.repo}{revision}/{self.hub.file}"
        return self.bundled or self.url or self.file or ""


_KINDS = ("bundled", "hub", "url", "file")


@dataclass(frozen=True)
class ConfigFrom:
    """Config fields that stand in a file beside a part's weights (upstream's config.json)."""

    part: str
    file: str
    fields: tuple[str, ...]


def read_parts(value: Value) -> tuple[Part, ...]:
    """The ``source`` of a card: at least one part, names unique."""
    parts = many(_part)(value)
    names = [part.name for part in parts]
    if not parts or len(set(names)) != len(names):
        raise value.error(f"expected a list of parts with different names, got {names}")
    return parts


def _part(value: Value) -> Part:
    fields = Fields(value)
    name = fields.take("name", text(_WORD, what="a word in lower case"))
    role = fields.take("role", text(choices=ROLES))
    given = [kind for kind in _KINDS if kind in fields]
    if len(given) != 1:
        raise value.error(f"expected exactly one of {', '.join(_KINDS)}, got {given or 'none'}")
    hub, hub_sha256 = fields.take_maybe("hub", _hub) or (None, None)
    bundled = fields.take_maybe("bundled", relative_path)
    url = fields.take_maybe("url", text(_URL, what="an http(s) address"))
    file = fields.take_maybe("file", relative_path)
    sha256 = fields.take_maybe("sha256", _sha256)
    if sha256 and hub_sha256:
        raise value.error("sha256 stands twice; keep one")
    sha256 = sha256 or hub_sha256
    if sha256 is None and given[0] in ("bundled", "url"):
        raise value.error(f"a {given[0]} part needs its sha256")
    if (bundled or hub or url or file) is None:
        raise value.error(f"{given[0]} must not be null")
    part = Part(
        name=name,
        role=role,
        format=fields.take("format", text(_WORD, what="the name of a key table")),
        bundled=bundled,
        hub=hub,
        url=url,
        file=file,
        sha256=sha256,
        keys=fields.take_maybe("keys", text(NAME, what="the name of a key list")),
        unwrap=fields.take_or("unwrap", many(text()), ()),
    )
    fields.close()
    return part


def _hub(value: Value) -> tuple[HubFile, str | None]:
    fields = Fields(value)
    found = HubFile(
        repo=fields.take("repo", text(REPO, what="owner/name")),
        file=fields.take("file", relative_path),
        revision=fields.take_maybe("revision", text()),
    )
    sha256 = fields.take_maybe("sha256", _sha256)
    fields.close()
    return found, sha256


_sha256 = text(SHA256, what="64 hexadecimal digits in lower case")


def read_config_from(value: Value, parts: tuple[Part, ...], config: set[str]) -> ConfigFrom:
    """The ``config_from`` of a card; its fields must not stand in ``config`` as well."""
    fields = Fields(value)
    names = tuple(part.name for part in parts if part.kind != "url")
    found = ConfigFrom(
        part=fields.take("part", text(choices=names)),
        file=fields.take("file", relative_path),
        fields=fields.take("fields", many(text())),
    )
    fields.close()
    twice = sorted(config.intersection(found.fields))
    if twice:
        raise value.error(f"{', '.join(twice)} stands in config too; keep one")
    return found
