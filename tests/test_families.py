"""Families by name, those of other packages too."""

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from registry_cards import text

from zoo import families, registry
from zoo.errors import CardError


@pytest.fixture
def toy_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    package = tmp_path / "foreign_toy"
    (package / "cards").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cards" / "__init__.py").write_text("")
    (package / "cards" / "toy-one.md").write_text(text(alias="toy").replace("flextok", "toy"))
    monkeypatch.syspath_prepend(tmp_path)
    entries = {
        "zoo.families": (EntryPoint("toy", "foreign_toy", "zoo.families"),),
        "zoo.cards": (EntryPoint("toy", "foreign_toy.cards", "zoo.cards"),),
    }
    for module in (families, registry):
        monkeypatch.setattr(module, "installed", lambda group: entries.get(group, ()))
    yield "toy"
    for name in [name for name in sys.modules if name.startswith("foreign_toy")]:
        del sys.modules[name]


def test_families_and_cards_of_other_packages(toy_family):
    assert families.family_module(toy_family).__name__ == "foreign_toy"
    assert registry.find("toy").name == "toy-one"
    assert "toy" in families.known_families()
    assert "flextok" in families.known_families()


def test_families_by_name(monkeypatch):
    assert families.family_module("flextok").__name__ == "zoo.models.flextok"
    with pytest.raises(CardError, match="did you mean flextok"):
        families.family_module("flextoc")
    with pytest.raises(CardError, match="there is no family 'os.path'"):
        families.family_module("os.path")
    twice = (EntryPoint("flextok", "elsewhere.flextok", "zoo.families"),)
    monkeypatch.setattr(families, "installed", lambda group: twice)
    with pytest.raises(CardError, match="claimed by elsewhere.flextok and zoo.models.flextok"):
        families.family_module("flextok")


FAMILY = """\
from zoo.tokenizer import Tokenizer
class _Shared(Tokenizer): pass
class Toy(_Shared): pass
"""


def test_the_one_tokenizer_class_of_a_family(toy_family, tmp_path):
    module = tmp_path / "foreign_toy" / "tokenizer.py"
    module.write_text(FAMILY + "class Other(Toy): pass\n")
    with pytest.raises(CardError, match="exactly one Tokenizer subclass; found Toy, Other"):
        families.family_class(toy_family)
    sys.modules.pop("foreign_toy.tokenizer")
    module.write_text(FAMILY + "#" * 100)
    assert families.family_class(toy_family).__name__ == "Toy"
