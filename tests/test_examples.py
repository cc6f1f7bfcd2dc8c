"""The example programs run from end to end, small."""

import json
import sys
from pathlib import Path

import pytest
import torch
from bulk_sets import folder_set

from zoo.demo.examples import small_gpt, token_classifier


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
