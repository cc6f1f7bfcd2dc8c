"""A checkpoint as a folder of its own: export and push."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from fake_hub import FakeHub, fake_hub  # noqa: F401
from file_cards import make
from safetensors.torch import load_file, save_file

from zoo import registry
from zoo.errors import CardError, CheckpointUnavailableError, NotSupportedError
from zoo.files import fetch_extra, resolve
from zoo.publish import export, push


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A checkpoint of two parts and a config.json, one part a torch file with a wrapper."""
    folder = tmp_path / "toy"
    folder.mkdir()
    save_file({"a.weight": torch.arange(6.0).reshape(2, 3)}, folder / "enc.safetensors")
    wrapped = {"ema": {"b.weight": torch.arange(4.0)[::2], "b.bias": torch.ones(2)}}
    torch.save(wrapped, folder / "dec.pt")
    (folder / "config.json").write_text('{"scale": 2}')
    source = """\
- {name: enc, role: encode, file: enc.safetensors, format: original, keys: toy_enc}
- name: dec
  role: decode
  file: dec.pt
  format: original
  unwrap: [ema, model]
- {name: late, role: lazy, hub: {repo: lab/late, file: late.pt}, format: original}"""
    extra = "  config_from: {part: enc, file: config.json, fields: [scale]}\n"
    make(source, folder / "toy-a.md", extra)
    return folder


def test_export_makes_a_complete_folder(toy, tmp_path, monkeypatch):
    target = export(toy, tmp_path / "out")
    assert sorted(path.name for path in target.iterdir()) == [
        "README.md", "config.json", "dec.safetensors", "enc.safetensors"
    ]  # fmt: skip
    before, after = registry.find(toy), registry.find(target)
    assert (after.name, after.code_space) == ("toy-a", before.code_space)
    assert after.config == before.config
    enc, dec, late = after.source
    assert (enc.format, enc.keys, dec.unwrap) == ("original", "toy_enc", ())
    assert late == before.source[2]
    assert resolve(enc, after).read_bytes() == (toy / "enc.safetensors").read_bytes()
    weights = load_file(resolve(dec, after))
    assert torch.equal(weights["b.weight"], torch.tensor([0.0, 2.0]))
    assert json.loads(fetch_extra(enc, "config.json", after).read_text()) == {"scale": 2}
    text = (target / "README.md").read_text()
    assert "  # where the weights are\n" in text
    assert "  # the numbers\n  config: {width: 4}\n" in text
    with pytest.raises(NotSupportedError, match="overwrite=True"):
        export(toy, target)
    again = export(target, target, overwrite=True)  # a copy of a copy is the same
    assert (again / "README.md").read_text() == text


def test_export_needs_block_form(tmp_path):
    card = make("- {name: m, role: both, file: a, format: zoo}", tmp_path / "toy-a.md")
    (tmp_path / "a").write_bytes(b"12345678{")
    front = card.path.read_text().split("---\n")[1]
    flow = "zoo: " + json.dumps(yaml.safe_load(front)["zoo"]) + "\n"
    card.path.write_text(f"---\nlicense: mit\n{flow}---\n")
    with pytest.raises(CardError, match="one key per line"):
        export(card.path, tmp_path / "out")
    assert not (tmp_path / "out" / "README.md").exists()


class FakeApi:
    """Records what would be uploaded."""

    calls: list[tuple[object, ...]]

    def __init__(self, **options: object):
        self.options = options
        FakeApi.calls = [("init", options)]

    def create_repo(self, repo_id: str, **options: object) -> None:
        FakeApi.calls.append(("create", repo_id, options))

    def create_commit(self, repo_id: str, operations: list, commit_message: str) -> object:
        if "refuse" in repo_id:
            raise RuntimeError("403 Forbidden\ndetails")
        files = {
            entry.path_in_repo: Path(entry.path_or_fileobj).read_bytes()
            if isinstance(entry.path_or_fileobj, (str, Path))
            else entry.path_or_fileobj
            for entry in operations
        }
        FakeApi.calls.append(("commit", repo_id, files, commit_message))
        return "https://hub/commit/1"


def test_push_is_one_commit_that_loads_back(toy, fake_hub: FakeHub, monkeypatch):  # noqa: F811
    monkeypatch.setattr("huggingface_hub.HfApi", FakeApi)
    assert push(toy, "lab/pushed", private=True) == "https://hub/commit/1"
    _, created, (_, repo, files, message) = FakeApi.calls
    assert created == ("create", "lab/pushed", {"private": True, "exist_ok": True})
    assert sorted(files) == ["README.md", "config.json", "dec.safetensors", "enc.safetensors"]
    assert message == "Upload toy-a"
    commit = fake_hub.add(repo, files)
    card = registry.find("hf:lab/pushed")
    assert card.name == "toy-a"
    assert card.revision == commit
    assert card.code_space == registry.find(toy).code_space
    path = resolve(card.source[0], card)
    assert path.read_bytes() == (toy / "enc.safetensors").read_bytes()
    assert fetch_extra(card.source[0], "config.json", card).is_file()
    with pytest.raises(CheckpointUnavailableError, match="lab/refused: 403 Forbidden. Check"):
        push(toy, "lab/refused")


def test_push_warns_of_licences(toy, fake_hub: FakeHub, monkeypatch):  # noqa: F811
    monkeypatch.setattr("huggingface_hub.HfApi", FakeApi)
    path = toy / "toy-a.md"
    path.write_text(path.read_text().replace("license: mit", "license: cc-by-nc-4.0"))
    with pytest.warns(UserWarning, match="under cc-by-nc-4.0: check that you may publish"):
        push(toy, "lab/pushed")
