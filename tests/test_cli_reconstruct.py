"""reconstruct on the command line: the sheet of photos, its figures, the example picture."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from photo_command_line import FAST, NAME, drawn_photo, fails, photo_cli, size, tiny_cards  # noqa: F401
from tiny import CARD

import zoo
from zoo.media.psnr import psnr
from zoo.media.sample import sample_picture


def test_reconstruct(cli):
    words = ["--model", NAME, *FAST, "--option", "fit=squash", "--seed", 5]
    code, out, err = cli("reconstruct", "a.png", *words, "b.png", "-o", "grid.png", "--json")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert [photo["input"] for photo in facts["photos"]] == ["a.png", "b.png"]
    tok = zoo.load(NAME)
    tokens = tok.encode("b.png", fit="squash")
    seen = tok.view("b.png", fit="squash").tensor
    found = facts["photos"][1]["reconstructions"]
    assert [one["prefix"] for one in found] == [1, 4, 16]
    for one in found:
        decoded = tok.decode(tokens.prefix(one["prefix"]), seed=5, steps=1, native=True).tensor
        error = float((seen.double() - decoded.double()).square().mean())
        assert one["psnr"] == pytest.approx(-10 * np.log10(error), abs=1e-3)
        assert one["tokens"] == one["prefix"]
    width, height = size("grid.png")
    assert width == 16 + 16 * 5 + 4 * 256 + 341  # two views, three prefixes; b is 4:3
    assert height > 2 * 256


def test_reconstruct_without_a_photo(cli):
    code, out, _ = cli("reconstruct", "--model", NAME, "--prefix", "2,16", *FAST, "-o", "g.png")
    assert code == 0
    heading, *rows, last = out.splitlines()
    assert heading.split() == ["photo", "tokens", "bits", "PSNR"]
    assert [row.split()[:3] for row in rows] == [["example", "2", "31.9"], ["example", "16", "255"]]
    assert last.startswith("g.png: 1104 x ")


def test_reconstruct_with_a_model_that_cannot(cli, cards, tmp_path, monkeypatch):
    text = CARD.format(name="mute").replace("role: both", "role: encode")
    Path("mute.md").write_text(text.replace("dtypes:", "can_decode: false\n  dtypes:"))
    fails(cli("reconstruct", "a.png", "--model", "./mute.md", "-o", "g.png"), "cannot decode")


def test_psnr():
    image = torch.full((3, 4, 4), 128, dtype=torch.uint8)
    assert psnr(image, image / 255) == float("inf")
    assert psnr(torch.zeros(3, 4, 4), torch.full((3, 4, 4), 0.1)) == pytest.approx(20)
    assert psnr(torch.zeros(3, 8, 8), torch.full((3, 4, 4), 0.1)) == pytest.approx(20)


def test_the_example_picture(picture):
    assert picture.mode == "RGB"
    assert picture.size == (64, 64)
    pixels = np.asarray(picture).astype(float)
    assert np.array_equal(pixels, np.asarray(sample_picture(64)))
    assert pixels.std((0, 1)).min() > 40  # varied, in every channel
    # Integer hashes only: a picture that changed would change the README's figures.
    known = np.array([[158.5, 165.0, 178.8], [126.3, 135.9, 129.2]])
    found = np.array([pixels[:32].mean((0, 1)), pixels[16:48].mean((0, 1))])
    assert np.abs(found - known).max() < 2, found
