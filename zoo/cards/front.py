"""Front matter of a card: YAML nodes that know their line, and no YAML 1.1 surprises.

YAML 1.1 reads ``no`` as false, ``0123`` as 83, ``22:30`` as 1350, ``1e-4`` as text and an
unquoted date as a date. In a card each of these is an error that says what to write instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from ..errors import CardError

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C: about ten times faster
_TAG = "tag:yaml.org,2002:"
_DEEPEST = 40  # the C composer recurses: a deeper file could end the process
_LARGEST = 1 << 20
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")


@dataclass(frozen=True)
class Value:
    """One value of a card, with its dotted path and its line for error messages."""

    node: yaml.Node
    path: str
    file: str

    @property
    def line(self) -> int:
        """Line in the card's file, from 1; the front matter begins on line 2."""
        return self.node.start_mark.line + 2

    def error(self, message: str) -> CardError:
        """A CardError that begins with file, line and path."""
        return CardError(f"{self.file}:{self.line}: {self.path}: {message}")

    def entries(self) -> dict[str, "Value"]:
        """The values of a mapping by key; keys are text and stand once."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"expected a mapping, got {describe(self.node)}")
        found: dict[str, Value] = {}
        for key_node, node in self.node.value:
            key = Value(key_node, self.path, self.file)
            name = key.scalar()
            if not isinstance(name, str):
                raise key.error(f"a key must be text, got {key_node.value!r}; quote it")
            if name in found:
                raise key.error(f"the key {name!r} stands twice")
            found[name] = Value(node, f"{self.path}.{name}" if self.path else name, self.file)
        return found

    def items(self) -> list["Value"]:
        """The values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error(f"expected a list, got {describe(self.node)}")
        return [
            Value(node, f"{self.path}[{index}]", self.file)
            for index, node in enumerate(self.node.value)
        ]

    def plain(self) -> Any:
        """The value as plain Python: dict, list, str, int, float, bool or None."""
        if isinstance(self.node, yaml.MappingNode):
            return {key: value.plain() for key, value in self.entries().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [value.plain() for value in self.items()]
        return self.scalar()

    def scalar(self) -> str | int | float | bool | None:
        """A single value, refusing every spelling that YAML versions read differently."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.error(f"expected a single value, got {describe(self.node)}")
        written, kind = self.node.value, self.node.tag.removeprefix(_TAG)
        if kind == "str":
            if not self.node.style and _reads_as_number(written):
                raise self.error(
                    f"YAML reads {written} as text; write a number like 1.0e-4, or quote it"
                )
            return written
        if kind == "int" and _INTEGER.fullmatch(written):
            return int(written)
        if kind == "float" and _FLOAT.fullmatch(written):
            return float(written)
        if kind == "bool" and written.lower() in ("true", "false"):
            return written.lower() == "true"
        if kind == "null" and written:
            return None
        raise self.error(
            _TRAPS.get(kind, "the tag or value {!r} has no place here").format(written)
        )

    def lines(self) -> Iterator[tuple[str, int]]:
        """Every path below this value with its line."""
        yield self.path, self.line
        if isinstance(self.node, yaml.MappingNode):
            children = list(self.entries().values())
        elif isinstance(self.node, yaml.SequenceNode):
            children = self.items()
        else:
            children = []
        for child in children:
            yield from child.lines()


_TRAPS = {
    "int": "{} is not a plain decimal number to YAML; write it plainly, or quote it if it is text",
    "float": "{} is not a plain finite number; write it like 0.5 or 1.0e-4",
    "bool": "YAML reads {} as true or false; write true or false, or quote it if it is text",
    "null": "there is no value; write one, or null, or leave the key out",
    "timestamp": "YAML reads {} as a date; quote it",
    "merge": "merge keys (<<) are not supported; write the values out",
}


def _reads_as_number(written: str) -> bool:
    for read in (float, lambda text: int(text, 0)):
        try:
            read(written)
        except ValueError:
            continue
        return True
    return False


def describe(node: yaml.Node) -> str:
    """What a node is, in words for an error message."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return repr(node.value) if node.value else "nothing"


def split_front_matter(text: str, file: str) -> tuple[str, str]:
    """Cut a card into its YAML front matter and its body.

    Raises:
        CardError: if the file does not begin with ``---`` or the closing ``---`` is missing.
    """
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        raise CardError(f"{file}:1: a card begins with a line '---' and YAML front matter")
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "".join(lines[1:number]), "".join(lines[number + 1 :])
    raise CardError(f"{file}:1: the front matter has no closing line '---'")


def compose(front: str, file: str) -> Value:
    """The front matter as one Value, a mapping; nothing in it is ever constructed or executed.

    Raises:
        CardError: for text that is not YAML, anchors, aliases and absurd depth or size.
    """
    if len(front) > _LARGEST:
        raise CardError(f"{file}:1: the front matter is larger than {_LARGEST} characters")
    try:
        _check_events(front, file)
        node = yaml.compose(front, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 2 if mark else 1
        raise CardError(
            f"{file}:{line}: not valid YAML: {error.problem or error.context}"
        ) from None
    except yaml.YAMLError as error:
        raise CardError(f"{file}:1: not valid YAML: {error}") from None
    if not isinstance(node, yaml.MappingNode):
        raise CardError(f"{file}:2: the front matter must be a mapping of keys to values")
    return Value(node, "", file)


def _check_events(front: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(front, Loader=_LOADER):
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        line = event.start_mark.line + 2
        if depth > _DEEPEST:
            raise CardError(f"{file}:{line}: nested deeper than {_DEEPEST} levels")
        # A few aliases of aliases expand to gigabytes, and no card needs one.
        if getattr(event, "anchor", None) is not None:
            raise CardError(f"{file}:{line}: anchors and aliases (& and *) are not supported")
