"""encode, decode, reconstruct and export on the command line, with a tiny FlexTok."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny import CARD, make_tiny_flextok

import zoo
from zoo.cli import main
from zoo.media.psnr import psnr
from zoo.media.sample import sample_picture
from zoo.tokens import Tokens

NAME = "flextok-random"
FAST = ("--option", "steps=1")

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    make_tiny_flextok(folder)
    make_tiny_flextok(folder, "flextok-other", seed=1)
    return folder


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    return sample_picture(64)


@pytest.fixture
def cli(
    cards: Path,
    picture: Image.Image,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """``zoo`` in a folder with two photos."""
    monkeypatch.setenv("ZOO_CARDS", str(cards))
    monkeypatch.chdir(tmp_path)
    picture.save("a.png")
    picture.rotate(90).crop((0, 0, 64, 48)).save("b.png")

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_encode_and_decode(cli):
    code, out, err = cli("encode", NAME, "a.png", "b.png", "-o", "t.safetensors")
    assert (code, err) == (0, "")
    kilobytes = Path("t.safetensors").stat().st_size / 1000
    assert out == f"2 items, 16 ids each: 255 bits\nt.safetensors: {kilobytes:.3g} kB\n"
    tok = zoo.load(NAME)
    tokens = Tokens.load("t.safetensors")
    assert tokens == tok.encode(["a.png", "b.png"])

    code, out, err = cli("decode", NAME, "t.safetensors", "-o", "out", *FAST, "--seed", 3)
    assert (code, err) == (0, "")
    assert out == "2 items: out/0000.png out/0001.png\n"
    expected = [np.asarray(item.pil()) for item in tok.decode(tokens, seed=3, steps=1)]
    for index, pixels in enumerate(expected):
        written = zoo.read(f"out/000{index}.png").pil()
        assert np.array_equal(np.asarray(written), pixels)
    assert size("out/0001.png") == (48, 48)  # the crop, at its original scale


def test_encode_options(cli):
    words = ["--prefix", 4, "--packed", "--batch-size", 1, "--option", "fit=pad", "--json"]
    code, out, err = cli("encode", NAME, "b.png", *words, "a.png", "-o", "t.safetensors")
    assert (code, err) == (0, "")
    facts = json.loads(out)
    assert facts["inputs"] == ["b.png", "a.png"]
    assert facts["items"] == 2
    assert facts["ids"] == [4, 4]
    assert facts["bits"] == pytest.approx([63.9, 63.9], abs=0.1)
    assert facts["bytes"] == Path("t.safetensors").stat().st_size
    assert Tokens.load("t.safetensors") == zoo.load(NAME).encode(
        ["b.png", "a.png"], prefix=4, fit="pad"
    )


def test_decode_options(cli):
    cli("encode", NAME, "b.png", "-o", "t.safetensors")
    words = ["--prefix", 4, "--native", "--format", "JPG", "--json", "--dtype", "bfloat16"]
    code, out, _ = cli("decode", NAME, "t.safetensors", "-o", "{new}", *FAST, *words)
    assert code == 0
    assert json.loads(out)["files"] == ["{new}/0000.jpg"]
    assert size("{new}/0000.jpg") == (32, 32)


def test_folders_and_awkward_names(cli):
    folder = Path("földer with spaces")
    folder.mkdir()
    for name in ("z.png", "-y.PNG", ".hidden.png"):
        shutil.copy("a.png", folder / name)
    (folder / "notes.txt").write_text("not an image")
    (folder / "deeper.png").mkdir()
    shutil.copy("a.png", "-dash.png")
    words = [folder, "-o", "t ö.safetensors", "--json", "--", "-dash.png"]
    code, out, _ = cli("encode", NAME, *words)
    assert code == 0
    assert json.loads(out)["inputs"] == [f"{folder}/-y.PNG", f"{folder}/z.png", "-dash.png"]
    assert Path("t ö.safetensors").is_file()


def size(path: str) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def fails(answer: tuple[int, str, str], *said: str) -> None:
    code, out, err = answer
    assert (code, out) == (1, "")
    assert err.startswith("zoo: error: ")
    assert err.count("\n") == 1, err
    for text in said:
        assert text in err
    assert not list(Path().glob(".zoo-*"))


def test_what_is_wrong_is_found_before_anything_is_loaded(cli, monkeypatch):
    cli("encode", NAME, "a.png", "-o", "t.safetensors")
    cli("encode", "flextok-other", "a.png", "-o", "other.safetensors")
    cut = Path("t.safetensors").read_bytes()[:-9]
    Path("cut.safetensors").write_bytes(cut)
    Path("void").mkdir()
    Path("noise.safetensors").write_bytes(b"noise" * 9)

    def load(*args: object, **more: object) -> None:
        raise AssertionError("weights were loaded")

    monkeypatch.setattr("zoo.commands.parts.loading.load", load)
    to = ("-o", "x.safetensors")
    fails(cli("encode", NAME, "none.png", *to), "none.png: no such file")
    fails(cli("encode", NAME, "https://x/y.png", *to), "not fetched")
    fails(cli("encode", NAME, "void", *to), "void: none of the 0 files")
    fails(cli("encode", "flextok-randon", "a.png", *to), repr(NAME))
    fails(cli("encode", NAME, "a.png", "-o", "no/x"), "there is no folder no")
    fails(cli("encode", NAME, "a.png", "-o", "void"), "it is a folder")
    fails(cli("encode", NAME, "a.png", "-o", "./a.png"), "is an input")
    fails(cli("encode", NAME, "a.png", *to, "--prefix", 17), "17")
    fails(cli("encode", NAME, "a.png", *to, "--bitrate", 17), "no bitrates")
    fails(cli("encode", NAME, "a.png", *to, "--option", "fitt=pad"), "'fit'")
    fails(cli("encode", NAME, "a.png", *to, "--option", "fit=round"), "'crop'")
    fails(cli("encode", NAME, "a.png", *to, "--device", "abacus"), "device abacus")
    to = ("-o", "out")
    fails(cli("decode", NAME, "none.safetensors", *to), "none.safetensors: no such file")
    fails(cli("decode", NAME, "cut.safetensors", *to), "cut.safetensors")
    fails(cli("decode", NAME, "noise.safetensors", *to), "noise.safetensors")
    fails(cli("decode", NAME, "other.safetensors", *to), "flextok-other")
    fails(cli("decode", NAME, "t.safetensors", *to, "--prefix", 17), "17")
    fails(cli("decode", NAME, "t.safetensors", *to, "--format", "txt"), "'.txt'")
    fails(cli("decode", NAME, "t.safetensors", *to, "--option", "steps=many"), "int")
    fails(cli("decode", NAME, "t.safetensors", *to, "--option", "normalized-guidance=2"), "true")
    fails(cli("decode", NAME, "t.safetensors", "-o", "no/out"), "there is no folder no")
    fails(cli("decode", NAME, "t.safetensors", "-o", "a.png"), "it is a file")
    model = ("--model", NAME)
    fails(cli("reconstruct", "none.png", *model, "-o", "g.png"), "none.png")
    fails(cli("reconstruct", "a.png", *model, "-o", "a.png"), "is an input")
    fails(cli("reconstruct", "a.png", *model, "-o", "g.safetensors"), "'.safetensors'")
    fails(cli("reconstruct", "a.png", *model, "-o", "g.png", "--prefix", "1,17"), "17")
    fails(cli("reconstruct", "a.png", *model, "-o", "g.png", "--option", "step=1"), "'steps'")
    assert not Path("out").exists()


def test_media_that_cannot_be_read(cli):
    Path("text.png").write_text("I am no picture")
    fails(cli("encode", NAME, "a.png", "text.png", "-o", "t.safetensors"), "text.png")
    fails(cli("reconstruct", "text.png", "--model", NAME, "-o", "g.png"), "text.png")
    assert not Path("t.safetensors").exists()
    code, out, _ = cli("encode", NAME, "text.png", "-o", "t.safetensors", "--json")
    assert code == 1
    assert json.loads(out)["error"]["type"] == "MediaError"


def test_a_full_disk(cli, monkeypatch):
    def replace(*paths: object) -> None:
        raise OSError(28, "No space left on device", ".zoo-temporary")

    cli("encode", NAME, "a.png", "-o", "t.safetensors")
    monkeypatch.setattr(os, "replace", replace)
    reason = "No space left on device"
    fails(cli("encode", NAME, "a.png", "-o", "u.safetensors"), "cannot write u.safetensors", reason)
    fails(cli("decode", NAME, "t.safetensors", "-o", "out", *FAST), "out/0000.png", reason)
    made = cli("reconstruct", "a.png", "--model", NAME, "-o", "g.png", *FAST)
    fails(made, "cannot write g.png", reason)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_closed_to_us(cli):
    Path("closed").mkdir(mode=0o500)
    fails(cli("encode", NAME, "a.png", "-o", "closed/t.safetensors"), "no permission")


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


def test_export(cli, cards):
    code, out, _ = cli("export", NAME, "copy", "--json")
    assert code == 0
    assert json.loads(out)["files"] == ["copy/README.md", "copy/model.safetensors"]
    assert zoo.load("./copy").encode("a.png") == zoo.load(NAME).encode("a.png")
    fails(cli("export", NAME, "copy"), "not an empty folder")
    assert cli("export", NAME, "copy", "--overwrite")[0] == 0
    fails(cli("export", NAME, "no/copy"), "there is no folder no")


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
