"""encode, decode and reconstruct refused: wrong words, files that are none, a full disk."""

import json
import os
from pathlib import Path

import pytest
from photo_command_line import FAST, NAME, drawn_photo, fails, photo_cli, tiny_cards  # noqa: F401


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
    fails(cli("decode", NAME, "t.safetensors", *to, "--rate", "input"), "--rate is for sound")
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
