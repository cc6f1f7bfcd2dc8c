"""encode, decode, list and reconstruct on the command line, for videos."""

import json
from pathlib import Path

import pytest
import toy_video
from PIL import Image
from samples import video

import zoo
from zoo.cli import main
from zoo.media.sample import sample_video


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The toy's name, in a folder with two videos."""
    toy_video.install(monkeypatch)
    monkeypatch.setenv("ZOO_CARDS", str(tmp_path / "cards"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cards").mkdir()
    (tmp_path / "clips").mkdir()
    zoo.Media("video", [video(9, 32, 48, 0)], fps=5).save("clips/a.mp4")
    zoo.Media("video", [video(5, 40, 30, 1)], fps=10).save("clips/b.gif")
    Path("clips/notes.txt").write_text("no video")
    return toy_video.write_card(tmp_path / "cards").stem


def test_a_folder_of_videos_to_tokens_and_back(card: str, capsys) -> None:
    assert main(["encode", card, "clips", "-o", "t.safetensors"]) == 0
    assert capsys.readouterr().out.startswith("2 items, 72..108 ids each: 576..864 bits and ")
    assert main(["decode", card, "t.safetensors", "-o", "out"]) == 0
    assert "out/0000.mp4 out/0001.mp4" in capsys.readouterr().out
    first, second = (zoo.read(f"out/000{n}.mp4") for n in (0, 1))
    assert (first.items[0].shape, first.fps) == ((9, 3, 32, 48), 5)
    assert (second.items[0].shape, second.fps) == ((5, 3, 40, 30), 10)
    assert main(["decode", card, "t.safetensors", "-o", "gifs", "--format", "gif", "--native"]) == 0
    merged = zoo.read("gifs/0001.gif", "video")  # the toy's pairs of equal frames are one each
    assert (merged.items[0].shape, merged.times) == ((3, 3, 8, 12), ((0, 0.2, 0.4),))
    assert main(["encode", card, "clips", "-o", "t.safetensors", "--option", "fps=2"]) == 0
    assert zoo.Tokens.load("t.safetensors").lengths.tolist() == [12, 12]


def test_the_list_and_the_sheet_name_it(card: str, capsys) -> None:
    assert main(["list", "--modality", "video"]) == 0
    assert card in capsys.readouterr().out
    assert main(["show", card]) == 0
    assert "video, 8 x 12 pixels (squash, bicubic), 4 frames" in capsys.readouterr().out


def test_reconstruct_writes_a_video_side_by_side(card: str, capsys) -> None:
    assert main(["reconstruct", "clips/a.mp4", "--model", card, "-o", "out.mp4", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    (shown,) = facts["videos"]
    (figures,) = shown["reconstructions"]
    assert shown["input"] == "clips/a.mp4"
    assert figures["tokens"] == 108
    assert figures["bits"] == 108 * 8 + 12 * 6 * 4
    assert 10 < figures["psnr"] < 40
    made = zoo.read("out.mp4")
    assert (len(made.items[0]), made.fps) == (9, 5)
    panel = 256 * 12 // 8
    assert made.items[0].shape[3] == 3 * panel + 4 * 12

    assert main(["reconstruct", "--model", card, "-o", "example.gif"]) == 0
    assert zoo.read("example.gif", "video").items[0].shape[0] == 24
    assert main(["reconstruct", "clips", "--model", card, "-o", "two.mp4"]) == 1
    assert "one video shows one" in capsys.readouterr().err
    assert not Path("two.mp4").exists()
    assert main(["reconstruct", "clips/a.mp4", "--model", card, "-o", "out.txt"]) == 1
    assert "expected one of .mp4" in capsys.readouterr().err


def test_reconstruct_writes_a_sheet_of_frames(card: str, capsys) -> None:
    assert main(["reconstruct", "clips", "--model", card, "-o", "sheet.png"]) == 0
    out = capsys.readouterr().out
    assert "clips/a.mp4" in out
    assert "clips/b.gif" in out
    with Image.open("sheet.png") as sheet:
        assert sheet.width > 1000
        assert sheet.height > 6 * 256


def test_the_example_is_drawn_alike_every_time() -> None:
    shots, fps = sample_video(48, 3)
    again, _ = sample_video(48, 3)
    assert (len(shots), fps, shots[0].size) == (3, 12, (48, 48))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(shots, again, strict=True))
    assert shots[0].tobytes() != shots[2].tobytes()
