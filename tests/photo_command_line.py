"""``zoo`` on photos in tests: the fixture ``cli``, in a folder with two and a tiny FlexTok."""

from pathlib import Path

import pytest
from command_line import Cli, in_this_process
from PIL import Image
from tiny import make_tiny_flextok

from zoo.media.sample import sample_picture

NAME = "flextok-random"
FAST = ("--option", "steps=1")


@pytest.fixture(name="cards", scope="module")
def tiny_cards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cards")
    make_tiny_flextok(folder)
    make_tiny_flextok(folder, "flextok-other", seed=1)
    return folder


@pytest.fixture(name="picture", scope="module")
def drawn_photo() -> Image.Image:
    return sample_picture(64)


@pytest.fixture(name="cli")
def photo_cli(
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
    return in_this_process(capsys)


def size(path: str) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def fails(answer: tuple[int, str, str], *said: str) -> None:
    code, out, err = answer
    assert (code, out) == (1, ""), err
    assert err.startswith("zoo: error: "), err
    assert err.count("\n") == 1, err
    for text in said:
        assert text in err, err
    assert not list(Path().glob(".zoo-*"))
