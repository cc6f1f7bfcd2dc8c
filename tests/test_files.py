"""Parts of cards -> local files: every source, every way to fail."""

import errno
import os
import time
from pathlib import Path

import pytest
from fake_hub import FakeHub, fake_hub  # noqa: F401
from file_cards import CONTENT, HEAD, OTHER, SHA, make

from zoo import registry
from zoo.cards import Card
from zoo.errors import (
    CardError,
    CheckpointCorruptError,
    CheckpointUnavailableError,
    NotSupportedError,
)
from zoo.files import checksum, fetch_extra, hub, resolve, url


def hub_part(revision: str = "", sha256: str = "", file: str = "model.safetensors") -> str:
    lines = ["- name: model", "  role: both", "  format: zoo", "  hub:", "    repo: lab/toy"]
    lines.append(f"    file: {file}")
    lines += [f"    revision: {revision}"] if revision else []
    lines += [f"    sha256: {sha256}"] if sha256 else []
    return "\n".join(lines)


def get(card: Card, **options: object) -> Path:
    return resolve(card.source[0], card, **options)  # pyright: ignore[reportArgumentType]


def test_downloads_once(fake_hub: FakeHub):  # noqa: F811
    fake_hub.add("lab/toy", {"model.safetensors": CONTENT})
    card = make(hub_part(sha256=SHA))
    path = get(card)
    assert path.read_bytes() == CONTENT
    assert fake_hub.count("GET") == 1
    asked = fake_hub.count()
    assert get(card) == path
    assert fake_hub.count() == asked  # the second time without a single request
    fake_hub.add("lab/toy", {"model.safetensors": b"newer"})
    assert get(make(hub_part())) == path  # nor does a checkpoint change behind one's back
    assert get(make(hub_part()), revision="main").read_bytes() == b"newer"


def test_works_without_network_from_the_cache(fake_hub: FakeHub, monkeypatch):  # noqa: F811
    fake_hub.add("lab/toy", {"model.safetensors": CONTENT})
    path = get(make(hub_part()))
    get(make(hub_part()), revision="main")
    fake_hub.stop()
    assert get(make(hub_part())) == path
    assert get(make(hub_part()), offline=True) == path
    assert get(make(hub_part()), revision="main") == path
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert get(make(hub_part())) == path


def test_pinned_revisions(fake_hub: FakeHub):  # noqa: F811
    first = fake_hub.add("lab/toy", {"model.safetensors": CONTENT})
    fake_hub.add("lab/toy", {"model.safetensors": b"newer"})
    fake_hub.add("lab/toy", {"model.safetensors": b"branch"}, branch="try")
    pinned = make(hub_part(first, SHA))
    assert get(pinned).read_bytes() == CONTENT
    assert get(pinned, revision="try").read_bytes() == b"branch"  # its own hash, not the card's
    with pytest.raises(CheckpointUnavailableError, match="no such revision"):
        get(pinned, revision="nothing")
    local = make("- {name: model, role: both, file: a.pt, format: zoo}")
    with pytest.raises(NotSupportedError, match="no Hub repository"):
        get(local, revision="main")


def test_offline_names_bundled_checkpoints(fake_hub: FakeHub, tmp_path, monkeypatch):  # noqa: F811
    cards = tmp_path / "cards"
    cards.mkdir()
    make(f"- {{name: m, role: both, bundled: a, sha256: {SHA}, format: zoo}}", cards / "tiny.md")
    monkeypatch.setenv("ZOO_CARDS", str(cards))
    with pytest.raises(
        CheckpointUnavailableError, match=r"toy-a: .*offline=True.*network: codec-tiny, tiny\."
    ):
        get(make(hub_part()), offline=True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "true")
    with pytest.raises(CheckpointUnavailableError, match="HF_HUB_OFFLINE is set"):
        get(make(hub_part()))
    assert fake_hub.log == []


def test_no_network_fails_soon(fake_hub: FakeHub):  # noqa: F811
    fake_hub.stop()
    start = time.monotonic()
    with pytest.raises(CheckpointUnavailableError, match="cannot be reached"):
        get(make(hub_part()))
    assert time.monotonic() - start < 10


def test_refusals_of_the_hub(fake_hub: FakeHub, monkeypatch):  # noqa: F811
    with pytest.raises(CheckpointUnavailableError, match="no such repository, or it is private"):
        get(make(hub_part()))
    fake_hub.add("lab/toy", {"README.md": b""})
    with pytest.raises(CheckpointUnavailableError, match="no such file"):
        get(make(hub_part()))
    fake_hub.gated.add("lab/toy")
    with pytest.raises(CheckpointUnavailableError, match="gated. Accept its terms"):
        get(make(hub_part()))
    fake_hub.gated.clear()
    monkeypatch.setattr(hub, "_no_network", lambda error: False)

    def full(*args: object, **kwargs: object) -> str:
        raise RuntimeError("wrapped") from OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", full)
    fake_hub.add("lab/toy", {"model.safetensors": CONTENT})
    with pytest.raises(CheckpointUnavailableError, match="disk is full"):
        get(make(hub_part()))


def test_wrong_hash_is_refused(fake_hub: FakeHub):  # noqa: F811
    fake_hub.add("lab/toy", {"model.safetensors": CONTENT})
    with pytest.raises(CheckpointCorruptError, match=f"(?s){SHA}.*{OTHER}.*Delete .*load again"):
        get(make(hub_part(sha256=OTHER)))
    blob = get(make(hub_part(sha256=SHA))).resolve()
    blob.write_bytes(b"damaged on the disk")
    with pytest.raises(CheckpointCorruptError) as caught:
        get(make(hub_part(sha256=SHA)))
    assert f"Delete {blob} and load again" in str(caught.value)
    blob.unlink()  # what the message says helps
    assert get(make(hub_part(sha256=SHA))).read_bytes() == CONTENT


def test_extra_files_come_from_the_same_commit(fake_hub: FakeHub):  # noqa: F811
    files = {"sub/model.safetensors": CONTENT, "sub/config.json": b"1"}
    fake_hub.add("lab/toy", files)
    card = make(hub_part(file="sub/model.safetensors"))
    get(card)
    fake_hub.add("lab/toy", {"sub/config.json": b"2"})
    part = card.source[0]
    assert fetch_extra(part, "config.json", card).read_bytes() == b"1"
    assert fetch_extra(part, "config.json", card, revision="main").read_bytes() == b"2"
    with pytest.raises(CheckpointUnavailableError, match="toy-a: .*no such file"):
        fetch_extra(part, "none.json", card)
    with pytest.raises(CardError, match="relative path"):
        fetch_extra(part, "../config.json", card)


def test_bundled_and_local_files(tmp_path, monkeypatch):
    (tmp_path / "a.safetensors").write_bytes(CONTENT)
    (tmp_path / "config.json").write_text("{}")
    part = f"{{name: model, role: both, file: a.safetensors, sha256: {SHA}, format: zoo}}"
    card = make(f"- {part}", tmp_path / "toy-a.md")
    assert get(card) == tmp_path / "a.safetensors"
    assert fetch_extra(card.source[0], "config.json", card) == tmp_path / "config.json"
    (tmp_path / "a.safetensors").write_bytes(b"other")
    with pytest.raises(CheckpointCorruptError, match="Restore the file"):
        get(card)
    (tmp_path / "a.safetensors").unlink()
    with pytest.raises(CheckpointUnavailableError, match="does not exist"):
        get(card)
    bundled = make(f"- {part.replace('file: a', 'bundled: layers/a')}")
    with pytest.raises(CheckpointUnavailableError, match="missing from this installation"):
        get(bundled)
    found = make(f"- {part.replace('file: a.safetensors', 'bundled: layers/__init__.py')}")
    with pytest.raises(CheckpointCorruptError, match="is not the file that the card means"):
        get(found)


def test_plain_urls(fake_hub: FakeHub, tmp_path):  # noqa: F811
    fake_hub.urls["/files/vit g.pth"] = fake_hub.urls["/files/vit%20g.pth"] = CONTENT
    fake_hub.urls["/files/changed.pth"] = b"<html>"

    def card(name: str) -> Card:
        where = f"{fake_hub.endpoint}/files/{name}"
        lines = ["- name: vit", "  role: both", "  format: zoo", f"  url: {where}"]
        return make("\n".join([*lines, f"  sha256: {SHA}"]))

    path = get(card("vit%20g.pth"))
    assert path.read_bytes() == CONTENT
    assert path.name == f"{SHA[:16]}-vit_g.pth"
    asked = len(fake_hub.log)
    assert get(card("vit%20g.pth")) == path
    assert len(fake_hub.log) == asked
    path.write_bytes(b"damaged")
    with pytest.raises(CheckpointCorruptError, match="Delete"):
        get(card("vit%20g.pth"))
    with pytest.raises(NotSupportedError, match="no hash"):
        fetch_extra(card("vit%20g.pth").source[0], "config.json", card("vit%20g.pth"))
    path.unlink()
    with pytest.raises(CheckpointCorruptError, match="Nothing was kept"):
        get(card("changed.pth"))
    with pytest.raises(CheckpointUnavailableError, match="HTTP 404"):
        get(card("none.pth"))
    with pytest.raises(CheckpointUnavailableError, match="the network is off"):
        get(card("vit%20g.pth"), offline=True)
    fake_hub.stop()
    with pytest.raises(CheckpointUnavailableError, match="cannot be downloaded"):
        get(card("vit%20g.pth"))
    assert list(path.parent.iterdir()) == []  # no half file either


def test_a_full_disk_during_a_url(fake_hub: FakeHub, monkeypatch):  # noqa: F811
    def full(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(url, "_fetch", full)
    with pytest.raises(CheckpointUnavailableError, match="full. Free space, or set ZOO_CACHE"):
        url.download_url("https://example.org/a", SHA)


def test_large_files_are_hashed_once(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checksum, "_SMALL", 10)
    hashed = []
    real = checksum.sha256_of
    monkeypatch.setattr(checksum, "sha256_of", lambda path: hashed.append(path) or real(path))
    path = tmp_path / "a"
    path.write_bytes(CONTENT)
    checksum.verify(path, SHA, "")
    checksum.verify(path, SHA, "")
    assert len(hashed) == 1
    with pytest.raises(CheckpointCorruptError):
        checksum.verify(path, OTHER, "")
    os.utime(path, ns=(1, 1))
    checksum.verify(path, SHA, "")
    assert len(hashed) == 3
    path.write_bytes(CONTENT[::-1])
    with pytest.raises(CheckpointCorruptError, match="try this"):
        checksum.verify(path, SHA, "try this")
    marker = next((tmp_path / "cache" / "verified").iterdir())
    marker.write_text("damaged")
    path.write_bytes(CONTENT)
    checksum.verify(path, SHA, "")
    monkeypatch.setenv("ZOO_CACHE", str(path / "not a folder"))  # a cache that cannot be written
    checksum.verify(path, SHA, "")


def test_small_files_leave_no_note(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a").write_bytes(CONTENT)
    checksum.verify(tmp_path / "a", SHA, "")
    assert not (tmp_path / "cache").exists()


def test_a_revision_of_the_card_is_not_one_of_its_parts(fake_hub: FakeHub):  # noqa: F811
    lines = [f"    {line}" for line in hub_part(sha256=SHA).splitlines()]
    text = HEAD.format(source="\n".join(lines), extra="", license="mit")
    fake_hub.add("lab/toy", {"model.safetensors": CONTENT})
    fake_hub.add("lab/card", {"README.md": text.encode()}, branch="v2")
    card = registry.find("hf:lab/card", revision="v2")
    assert get(card, revision="v2").read_bytes() == CONTENT
