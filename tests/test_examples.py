"""The example programs run from end to end, small."""

import json
import sys
from pathlib import Path

import pytest
import torch
from bulk_sets import folder_set

import zoo
from zoo.demo.examples import small_gpt, token_classifier, tune_codebook
from zoo.errors import TokenError


def ran(module: object, monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["example", *map(str, words)])
    module.main()  # pyright: ignore[reportAttributeAccessIssue]


def test_a_gpt_learns_to_write_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for copy in range(12):  # of three pictures: what is held out can be learned from the rest
        folder_set(tmp_path / "set" / f"{copy:02}", 3)
    ran(small_gpt, monkeypatch, "--data", tmp_path / "set", "--out", tmp_path / "out", "--prefix",
        4, "--steps", 60, "--width", 32, "--depth", 1, "--batch", 8, "--samples", 2)  # fmt: skip
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert figures["pictures"] == 36
    assert figures["bits_per_id"] < figures["nominal_bits_per_id"]
    assert (tmp_path / "out" / "samples.png").stat().st_size > 1000


@pytest.mark.parametrize("vocabulary", [7, 1024, 1025, 64000, 4096])
def test_an_alphabet_of_digits_is_exact(vocabulary: int) -> None:
    alphabet = small_gpt.Alphabet(vocabulary)
    ids = torch.tensor([[0, vocabulary - 1, vocabulary // 2]])
    written = alphabet.write(ids)
    assert int(written.max()) < alphabet.size
    assert alphabet.size <= 1025
    assert torch.equal(alphabet.read(written), ids)
    for length in range(1, written.shape[1]):
        assert alphabet.legal(written[0, :length])[written[0, length]]
    random = torch.Generator().manual_seed(0)
    for _ in range(50):  # whatever is legal is an id
        stream = written[0, :1]
        while len(stream) < 1 + alphabet.per_id:
            choices = alphabet.legal(stream).nonzero()[:, 0]
            pick = choices[torch.randint(len(choices), (1,), generator=random)]
            stream = torch.cat([stream, pick])
        assert 0 <= int(alphabet.read(stream[None])) < vocabulary


def test_a_classifier_learns_from_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_set(tmp_path / "set", 40)
    ran(token_classifier, monkeypatch, "--data", tmp_path / "set", "--out", tmp_path / "out",
        "--steps", 3)  # fmt: skip
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert (figures["pictures"], figures["classes"]) == (40, 2)
    assert figures["bytes_pixels"] == 3 * 64 * 64
    assert 0 < figures["bytes_tokens"] < figures["bytes_pixels"]


def test_codebooks_are_tuned_for_a_task_and_still_decode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = torch.arange(16000) / 16000
    random = torch.Generator().manual_seed(0)
    for item in range(12):  # two classes: a tone that rises, a tone that falls
        pitch = 300 + 40 * torch.rand((), generator=random)
        way = 1 if item % 2 else -1
        tone = 0.3 * torch.sin(2 * torch.pi * (pitch * time + way * 60 * time**2))
        path = tmp_path / "set" / ("rising" if item % 2 else "falling") / f"{item:02}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        zoo.read((tone[None].numpy(), 16000)).save(path)
    ran(tune_codebook, monkeypatch, "--data", tmp_path / "set", "--out", tmp_path / "tuned",
        "--steps", 4, "--batch", 4)  # fmt: skip
    figures = json.loads((tmp_path / "tuned" / "figures.json").read_text())
    assert (figures["sounds"], figures["classes"]) == (12, 2)
    before, after = zoo.load("codec-tiny"), zoo.load(tmp_path / "tuned")
    assert after.space != before.space
    old, new = before.module.state_dict(), after.module.state_dict()
    for part in ("encoder.units.0.grow.weight", "quantizer.quantizers.0.codebook.weight"):
        assert not torch.equal(old[part], new[part]), part
    path = next((tmp_path / "set" / "rising").iterdir())
    made = after.decode(after.encode(path))
    assert made.items[0].shape == before.decode(before.encode(path)).items[0].shape
    with pytest.raises(TokenError, match="space"):
        after.decode(before.encode(path))


def test_gradients_of_a_task_reach_encoder_and_codebooks() -> None:
    codec = zoo.load("codec-tiny").module.requires_grad_(True)
    sounds = torch.randn(2, 1, 3200, generator=torch.Generator().manual_seed(0)) * 0.1
    vectors, apart = tune_codebook.embed(codec, sounds)
    (vectors.square().mean() + apart).backward()
    for name, weight in codec.named_parameters():
        if not name.startswith("decoder"):
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name
    tok = zoo.load("codec-tiny")
    tokens = tok.encode((sounds[:1, 0].numpy(), 16000))
    assert torch.allclose(tok.vectors(tokens).tensor[0].T, vectors[0].detach(), atol=1e-4)
