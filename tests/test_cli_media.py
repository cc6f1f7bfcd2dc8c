"""encode, decode and export on the command line, with a tiny FlexTok."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from photo_command_line import FAST, NAME, drawn_photo, fails, photo_cli, size, tiny_cards  # noqa: F401

import zoo
from zoo.tokens import Tokens


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


def test_export(cli, cards):
    code, out, _ = cli("export", NAME, "copy", "--json")
    assert code == 0
    assert json.loads(out)["files"] == ["copy/README.md", "copy/model.safetensors"]
    assert zoo.load("./copy").encode("a.png") == zoo.load(NAME).encode("a.png")
    fails(cli("export", NAME, "copy"), "not an empty folder")
    assert cli("export", NAME, "copy", "--overwrite")[0] == 0
    fails(cli("export", NAME, "no/copy"), "there is no folder no")
