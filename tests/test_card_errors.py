"""Cards: what is refused, with file, line and key."""

import pytest
import yaml
from card_text import SHA, changed, line_of, parse

from zoo.cards import front
from zoo.cards.fields import check_relative
from zoo.errors import CardError

TRAPS = [
    ("rate: 1.0e-4", "rate: 1e-4", "1.0e-4"),
    ("rate: 1.0e-4", "rate: 12e5", "reads 12e5 as text"),
    ("rate: 1.0e-4", "rate: no", "true or false"),
    ("rate: 1.0e-4", "rate: On", "true or false"),
    ("rate: 1.0e-4", "rate: 0123", "plain decimal"),
    ("rate: 1.0e-4", "rate: 22:30", "plain decimal"),
    ("rate: 1.0e-4", "rate: 1_000", "plain decimal"),
    ("rate: 1.0e-4", "rate: 0x1F", "plain decimal"),
    ("rate: 1.0e-4", "rate: 0o17", "quote it"),
    ("rate: 1.0e-4", "rate: 09", "quote it"),
    ("rate: 1.0e-4", "rate: 2024-05-01", "date"),
    ("rate: 1.0e-4", "rate: .inf", "finite"),
    ("rate: 1.0e-4", "rate: nan", "quote it"),
    ("rate: 1.0e-4", "rate:", "no value"),
    ("rate: 1.0e-4", "rate: !!python/name:os.system x", "no place here"),
    ("rate: 1.0e-4", "rate: &x 1", "anchors"),
    ("rate: 1.0e-4", "<<: {a: 1}", "merge"),
    ("rate: 1.0e-4", "width: 65", "stands twice"),
    ("rate: 1.0e-4", "1: one", "key must be text"),
]


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize(("old", "new", "message"), TRAPS, ids=[new for _, new, _ in TRAPS])
def test_yaml_traps_are_errors_with_their_line(old, new, message, loader, monkeypatch):
    monkeypatch.setattr(front, "_LOADER", getattr(yaml, loader, yaml.SafeLoader))
    text = changed(old, new)
    with pytest.raises(CardError, match=message) as caught:
        parse(text)
    assert str(caught.value).startswith(f"toy-a.md:{line_of(text, new)}: ")


def test_quoted_and_plain_values_pass():
    text = changed("rate: 1.0e-4", 'rate: "1e-4"\n    a: "no"\n    b: null\n    c: -3\n    d: .5')
    assert parse(text).config == {
        "width": 64, "rate": "1e-4", "a": "no", "b": None, "c": -3, "d": 0.5, "sizes": [1, 2]
    }  # fmt: skip


WRONG = [
    ("family: toy", "famly: toy", "famly:", "did you mean 'family'"),
    ("family: toy", "family: models.toy", "family:", "folder name"),
    ("family: toy", "family: 3", "family:", "quote it"),
    ("id_revision: 2", "id_revision: 0", "id_revision:", "at least 1"),
    ("id_revision: 2", "id_revision: 2\n  colour: red", "colour:", "unknown key 'colour'"),
    ("schema: 1", "schema: 2", "schema:", "newer"),
    ("role: both", "role: all", "role:", "expected one of encode, decode, both, lazy"),
    ("role: both", "role: encode", "schema:", "can_decode: false"),
    ("bundled: toy/weights/toy.safetensors", "bundled: ../toy.pt", "../toy", "relative path"),
    ("bundled: toy/weights/toy.safetensors", "file: /etc/passwd", "file:", "relative path"),
    ("bundled: toy/weights/toy.safetensors", "files: a.pt", "- name", "exactly one of"),
    (f'sha256: "{SHA}"', "keys: a", "- name", "bundled part needs its sha256"),
    (f'sha256: "{SHA}"', 'sha256: "ABC"', "sha256:", "64 hexadecimal"),
    ("size: [32, 48]", "size: [32]", "size:", "expected 2 entries"),
    ("size: [32, 48]", "size: [32, 4.5]", "size:", "whole number"),
    ("fit: crop", "fit: stretch", "fit:", "crop, pad, squash"),
    ("std: [0.5, 0.5, 1]", "std: [0.5, 0.5, 0]", "modality:", "above 0"),
    ("positions: 64", "position: 64", "position:", "did you mean 'positions'"),
    ("vocab_sizes: [512]", "vocab_sizes: [0]", "vocab_sizes:", "vocab_sizes"),
    ("order: raster", "order: zigzag", "order:", "zigzag"),
    (
        "positions: 64",
        "positions: 64\n    prefixes: {axs: slot}",
        "prefixes:",
        "did you mean 'axis'",
    ),
    ("deterministic_decode: true", "deterministic_decode: 1", "deterministic", "true or false"),
    ("deterministic_decode: true", "streamable: true", "schema:", "'deterministic_decode' is mis"),
    ("license: mit", "licence: mit", "licence:", "did you mean 'license'"),
    ("license: mit", "license: other", "license:", "license_name"),
    ("tags: [image]", "tags: image", "tags:", "expected a list"),
    ("tags: [image]", "tags: [[image]]", "tags:", "single value"),
    ("config:\n    width: 64", "config: [1]\n  upstream:\n    repo: a/b", "config:", "a mapping"),
    ("id_revision: 2", "id_revision: 2\n  space: toy-a/1", "space:", "'/2'"),
    ("id_revision: 2", "id_revision: 2\n  space: toy", "space:", "a space like"),
]


@pytest.mark.parametrize(("old", "new", "place", "message"), WRONG, ids=[w[1][:30] for w in WRONG])
def test_wrong_values_name_file_line_and_key(old, new, place, message):
    text = changed(old, new)
    if old.startswith("config:"):
        text = text.replace("    rate: 1.0e-4\n    sizes: [1, 2]\n", "")
    with pytest.raises(CardError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"toy-a.md:{line_of(text, place)}: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# no front matter\n", "begins with a line '---'"),
        ("---\nlicense: mit\n", "no closing line"),
        ("---\n---\n", "must be a mapping"),
        ("---\n- a\n---\n", "must be a mapping"),
        ("---\nlicense: mit\n---\n", "no key 'zoo'"),
        ("---\nlicense: mit\nzo: 1\n---\n", "did you mean 'zoo'"),
        ("---\nlicense: [\n---\n", "not valid YAML"),
        ("---\nlicense: a\x07b\n---\n", "not valid YAML"),
        (
            "---\nzoo: " + "[" * 90_000 + "\n---\n",
            "nested deeper|nesting depth",
        ),  # PyYAML from 6.0.4
        ("---\nzoo: " + "x" * 1_100_000 + "\n---\n", "larger than"),
    ],
)
def test_broken_files(text, message):
    with pytest.raises(CardError, match=message):
        parse(text)


def test_aliases_that_explode_are_refused():
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(CardError, match="anchors"):
        parse(f"---\n{bomb}zoo: 1\n---\n")


@pytest.mark.parametrize("name", ["a", "a/b.pt", "a-b_c.1/d", "..a/b", "a..b"])
def test_relative_paths_that_pass(name):
    assert check_relative(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        "./a",
        "~/a",
        "C:/a",
        "a\\b",
        "a\nb",
        "a*",
    ],
)
def test_relative_paths_that_do_not(name):
    with pytest.raises(CardError, match="relative path"):
        check_relative(name)
