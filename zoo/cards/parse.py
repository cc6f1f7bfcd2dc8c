"""Card files -> :class:`Card`: the keys of the front matter, one by one."""

import copy
import difflib
import re
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import CardError, TokenError
from ..tokens.spec import Prefixes, TokenSpec
from .card import Card, Upstream
from .fields import (
    FAMILY,
    NAME,
    Fields,
    did_you_mean,
    flag,
    integer,
    many,
    mapping,
    relative_path,
    text,
)
from .front import Value, compose, split_front_matter
from .media import read_input, read_output
from .parts import read_config_from, read_parts

SCHEMA = 1
DTYPES = ("float32", "bfloat16", "float16")
_SPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[0-9]+|[a-z][a-z0-9_]*:[0-9a-f]{12}")
_KEY_OF_MESSAGE = re.compile(r"([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*): ")


def read_card(
    path: str | Path,
    *,
    name: str | None = None,
    repo: str | None = None,
    revision: str | None = None,
) -> Card:
    """Read and validate one card.

    Args:
        path: a Markdown file with front matter. Its stem is the checkpoint's name, except for a
            README.md, where ``zoo: name:`` or else ``name`` or else the folder says it.
        name: the name of a README.md that does not say its own.
        repo: the Hub repository that the card was downloaded from.
        revision: the commit of that repository.

    Raises:
        CardError: with file, line and key, for anything missing, unknown or of another type.
    """
    path = Path(path)
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path}: cannot be read as a card: {error}") from None
    return copy.deepcopy(_parsed(content, path, name, repo, revision))


@lru_cache(maxsize=256)
def _parsed(
    content: str, path: Path, name: str | None, repo: str | None, revision: str | None
) -> Card:
    """A name is looked for among all cards, again and again: each text is parsed once."""
    return parse_card(content, path, name=name, repo=repo, revision=revision)


def parse_card(
    content: str,
    path: str | Path,
    *,
    name: str | None = None,
    repo: str | None = None,
    revision: str | None = None,
) -> Card:
    """:func:`read_card` for text that is at hand; ``path`` names it and is where parts lie."""
    path = Path(path)
    front, body = split_front_matter(content, str(path))
    root = compose(front, str(path))
    top = Fields(root)
    if "zoo" not in top:
        _refuse_near(root, ["zoo"])
        raise CardError(f"{path}:2: no key 'zoo', so this is not a card of a tokenizer")
    zoo = top.take("zoo", Fields)
    facts = {**_hub_facts(top, root), **_zoo_facts(zoo)}
    own_name = zoo.take_maybe("name", text(NAME, what="a name"))
    zoo.close()
    facts["name"] = _name(path, own_name, name, zoo.value)
    facts["lines"] = dict(zoo.value.lines())
    return Card(path=path, body=body, repo=repo, revision=revision, **facts)


def _hub_facts(top: Fields, root: Value) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "license": top.take("license", text()),
        "license_name": top.take_maybe("license_name", text()),
        "license_link": top.take_maybe("license_link", text()),
        "library_name": top.take_maybe("library_name", text()),
        "pipeline_tag": top.take_maybe("pipeline_tag", text()),
        "tags": top.take_or("tags", many(text()), ()),
        "datasets": top.take_or("datasets", many(text()), ()),
        "model_index": top.take_or("model-index", _model_index, ()),
    }
    if facts["license"] == "other" and facts["license_name"] is None:
        raise root.entries()["license"].error("license 'other' needs license_name")
    _refuse_near(
        root, [*(key.replace("_", "-") if "index" in key else key for key in facts), "zoo"]
    )
    return facts


def _refuse_near(root: Value, ours: list[str]) -> None:
    """The Hub has many more keys, so outside ``zoo:`` only a near miss of ours is an error."""
    for key, value in root.entries().items():
        near = difflib.get_close_matches(key, ours, 1, 0.8)
        if key not in ours and near:
            raise value.error(f"unknown key {key!r}; did you mean {near[0]!r}?")


def _model_index(value: Value) -> tuple[dict[str, Any], ...]:
    models = []
    for model in value.items():
        entries = model.entries()
        if set(entries) != {"name", "results"}:
            raise model.error(f"expected name and results, got {', '.join(entries)}")
        for result in entries["results"].items():
            missing = {"task", "dataset", "metrics"} - set(result.entries())
            if missing:
                raise result.error(f"{', '.join(sorted(missing))} is missing")
            for metric in result.entries()["metrics"].items():
                for key in ("type", "value"):
                    if key not in metric.entries():
                        raise metric.error(f"{key} is missing")
        models.append(model.plain())
    return tuple(models)


def _zoo_facts(zoo: Fields) -> dict[str, Any]:
    schema = zoo.take("schema", integer(1))
    if schema > SCHEMA:
        raise zoo.value.error(f"schema {schema} is newer than {SCHEMA}; update tokenizer-zoo")
    source = zoo.take("source", read_parts)
    config = zoo.take("config", mapping)
    given = zoo.take("input", read_input)
    facts = {
        "family": zoo.take("family", text(FAMILY, what="a folder name like 'flextok'")),
        "aliases": zoo.take_or("aliases", many(text(NAME, what="a name")), ()),
        "source": source,
        "config": config,
        "config_from": zoo.take_maybe(
            "config_from", lambda value: read_config_from(value, source, set(config))
        ),
        "input": given,
        "output": zoo.take_or(
            "output", lambda value: read_output(value, given), read_output(None, given)
        ),
        "tokens": zoo.take("tokens", _tokens),
        "id_revision": zoo.take("id_revision", integer(1)),
        "options": zoo.take_or("options", mapping, {}),
        "dtypes": zoo.take_or("dtypes", many(text(choices=DTYPES)), ("float32",)),
        "streamable": zoo.take_or("streamable", flag, False),
        "deterministic_decode": zoo.take("deterministic_decode", flag),
        "can_encode": zoo.take_or("can_encode", flag, True),
        "can_decode": zoo.take_or("can_decode", flag, True),
        "upstream": zoo.take_or("upstream", _upstream, Upstream()),
        "recipe": zoo.take_maybe("recipe", relative_path),
        "parameters": zoo.take_maybe("parameters", integer(1)),
    }
    for verb in ("encode", "decode"):
        able = any(part.role in (verb, "both", "lazy") for part in source)
        if facts[f"can_{verb}"] and not able:
            raise zoo.value.error(f"no part has role {verb} or both; set can_{verb}: false")
    facts["space"] = zoo.take_maybe("space", lambda value: _space(value, facts["id_revision"]))
    return facts


def _space(value: Value, id_revision: int) -> str:
    what = "a space like 'flextok-d18-d28-dfn/1' (name and id revision) or 'flextok:0123456789ab'"
    got = text(_SPACE, what=what)(value)
    if "/" in got and got.rsplit("/", 1)[1] != str(id_revision):
        raise value.error(f"{got!r} must end in the id revision, '/{id_revision}'")
    return got


def _upstream(value: Value) -> Upstream:
    fields = Fields(value)
    names = [entry.name for entry in dataclass_fields(Upstream)]
    found = Upstream(**{name: fields.take_maybe(name, text()) for name in names})
    fields.close()
    return found


def _tokens(value: Value) -> TokenSpec:
    _refuse_unknown(value, TokenSpec)
    prefixes = value.entries().get("prefixes")
    if prefixes is not None and isinstance(prefixes.plain(), dict):
        _refuse_unknown(prefixes, Prefixes)
    try:
        return TokenSpec.from_dict(mapping(value))
    except TokenError as error:
        raise _place(value, str(error)).error(str(error)) from None


def _refuse_unknown(value: Value, kind: type) -> None:
    known = [entry.name for entry in dataclass_fields(kind)]
    for key, entry in value.entries().items():
        if key not in known:
            raise entry.error(f"unknown key {key!r}{did_you_mean(key, known)}")


def _place(value: Value, message: str) -> Value:
    """The value that a TokenSpec's message is about: it begins with the key's path."""
    found = _KEY_OF_MESSAGE.match(message)
    for key in found[1].split(".") if found else ():
        try:
            value = value.entries()[key.split("[")[0]]
        except (CardError, KeyError):
            break
    return value


def _name(path: Path, own: str | None, given: str | None, zoo: Value) -> str:
    if path.stem.lower() != "readme":
        if own is not None and own != path.stem:
            raise zoo.error(f"name {own!r} is not the file's name {path.stem!r}")
        if not NAME.fullmatch(path.stem):
            raise CardError(f"{path}: the file's name is the checkpoint's: no spaces, no marks")
        return path.stem
    return own or given or path.resolve().parent.name
