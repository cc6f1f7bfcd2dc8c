"""Names, aliases, folders and Hub ids -> cards."""

from pathlib import Path

import pytest
from fake_hub import FakeHub, fake_hub  # noqa: F401
from registry_cards import AUDIO, text

import zoo
from zoo import registry
from zoo.errors import (
    CardError,
    CheckpointUnavailableError,
    NotSupportedError,
    UnknownTokenizerError,
)


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cards"
    folder.mkdir()
    monkeypatch.setenv("ZOO_CARDS", str(folder))
    monkeypatch.chdir(tmp_path)
    bundled = f"bundled: a.safetensors, sha256: {'ab' * 32}"
    (folder / "mytok-small.md").write_text(text("mytok", bundled))
    (folder / "mytok-large.md").write_text(text(media=AUDIO))
    (folder / "README.md").write_text("not a card")
    return folder


def test_lists_names_with_filters(cards):
    assert {"mytok-large", "mytok-small", "flextok-d18-d28-dfn"} <= set(registry.list_models())
    assert registry.list_models("mytok-*") == ["mytok-large", "mytok-small"]
    assert registry.list_models("mytok-*", modality="audio") == ["mytok-large"]
    assert registry.list_models("mytok-*", bundled=True) == ["mytok-small"]
    assert registry.list_models("mytok-*", bundled=False) == ["mytok-large"]
    assert registry.list_models("none-*") == []
    with pytest.raises(NotSupportedError, match="image, audio, video"):
        registry.list_models(modality="text")


def test_listing_parses_nothing(cards, monkeypatch):
    (cards / "broken.md").write_text("---\nzoo: [\n---\n")
    monkeypatch.setattr(registry, "read_card", None)
    assert "broken" in registry.list_models()


def test_a_broken_card_hurts_only_itself(cards):
    (cards / "broken.md").write_text("---\nlicense: mit\nzoo: [aliases: x\n---\n")
    assert registry.find("mytok").name == "mytok-small"
    with pytest.raises(CardError, match="broken.md"):
        registry.find("broken")
    assert registry.bundled_hint() == ""


def test_names_and_aliases(cards):
    assert registry.find("mytok-small").path == cards / "mytok-small.md"
    assert zoo.card("mytok").name == "mytok-small"
    assert zoo.card("flextok").name == "flextok-d18-d28-dfn"


def test_unknown_names_suggest(cards):
    with pytest.raises(UnknownTokenizerError, match="did you mean .*'mytok-small'"):
        registry.find("mytok-smal")
    with pytest.raises(UnknownTokenizerError, match="known: .*mytok-large"):
        registry.find("qqqqqqqqq")
    with pytest.raises(UnknownTokenizerError, match="no folder and no card"):
        registry.find("./nothing")


def test_two_claims_are_an_error(cards, tmp_path, monkeypatch):
    (cards / "other.md").write_text(text("mytok"))
    with pytest.raises(CardError, match="claimed by .*mytok-small.md.*other.md|claimed by .*other"):
        registry.find("mytok")
    (cards / "third.md").write_text(text("mytok-large"))
    with pytest.raises(CardError, match="'mytok-large' is claimed"):
        registry.find("mytok-large")
    second = tmp_path / "second"
    second.mkdir()
    (second / "mytok-small.md").write_text(text())
    monkeypatch.setenv("ZOO_CARDS", f"{cards}:{second}:{cards}")
    with pytest.raises(CardError, match="'mytok-small' is claimed"):
        registry.find("mytok-small")
    assert registry.list_models("mytok-small") == ["mytok-small"]
    monkeypatch.setenv("ZOO_CARDS", str(tmp_path / "absent"))
    with pytest.raises(CardError, match="which is no folder"):
        registry.list_models()


def test_folders_and_paths(cards, tmp_path):
    folder = tmp_path / "run7"
    folder.mkdir()
    with pytest.raises(UnknownTokenizerError, match="found none"):
        registry.find(folder)
    (folder / "notes.md").write_text("# no card\n")
    (folder / "README.md").write_text(text())
    assert registry.find(folder).name == "run7"
    assert registry.find(str(folder)).path == folder / "README.md"
    assert registry.find("run7").name == "run7"
    (folder / "run7.md").write_text(text())
    assert registry.find(folder).path.name == "run7.md"
    assert registry.find(folder / "README.md").path.name == "README.md"
    assert registry.find("run7/README.md").name == "run7"
    several = tmp_path / "several"
    several.mkdir()
    for name in ("a.md", "b.md"):
        (several / name).write_text(text())
    with pytest.raises(UnknownTokenizerError, match="found a.md, b.md"):
        registry.find(several)
    (several / "b.md").unlink()
    assert registry.find(several).name == "a"


def test_a_known_name_wins_over_a_folder(cards, tmp_path):
    folder = tmp_path / "mytok-small"
    folder.mkdir()
    (folder / "README.md").write_text(text())
    assert registry.find("mytok-small").path.parent == cards
    assert registry.find("./mytok-small").path.parent.name == "mytok-small"
    assert registry.find(Path("mytok-small")).path == Path("mytok-small/README.md")


def test_hub_ids(fake_hub: FakeHub):  # noqa: F811
    first = fake_hub.add("lab/toy", {"README.md": text().encode()})
    second = fake_hub.add("lab/toy", {"README.md": (text() + "newer\n").encode()})
    card = registry.find("hf:lab/toy")
    assert (card.name, card.repo, card.revision) == ("toy", "lab/toy", second)
    assert card.body == "newer\n"
    assert registry.find(f"hf:lab/toy@{first}").revision == first
    assert registry.find("hf:lab/toy", revision=first).body == ""
    third = fake_hub.add("lab/toy", {"README.md": (text() + "newest\n").encode()})
    assert registry.find("hf:lab/toy").revision == third  # its newest state, not the cached one
    fake_hub.stop()
    assert registry.find("hf:lab/toy").revision == third
    assert registry.find("hf:lab/toy", offline=True).revision == third


def test_hub_ids_that_fail(fake_hub: FakeHub):  # noqa: F811
    fake_hub.add("lab/foreign", {"README.md": b"---\nlicense: mit\n---\n# not ours\n"})
    with pytest.raises(CardError, match="not a card of a tokenizer"):
        registry.find("hf:lab/foreign")
    with pytest.raises(CheckpointUnavailableError, match="no such repository"):
        registry.find("hf:lab/none")
    with pytest.raises(UnknownTokenizerError, match="expected 'hf:owner/repo'"):
        registry.find("hf:lab")
    with pytest.raises(UnknownTokenizerError, match="differ"):
        registry.find("hf:lab/foreign@a", revision="b")
