"""The README's examples run, and its table is what the cards say."""

import re
from pathlib import Path

import pytest
import torch

import zoo
from zoo.cards.table import insert_table, markdown_table
from zoo.media.sample import sample_picture, sample_sound, sample_video

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("code", blocks("python"), ids=lambda code: code.strip().splitlines()[-1])
def test_the_examples_run(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sample_picture().save("photo.jpg")
    sound, rate = sample_sound()
    zoo.Media("audio", [torch.from_numpy(sound)[None]], rate=rate).save("talk.wav")
    zoo.read(sample_video(), "video").save("clip.mp4")
    exec(compile(code, "README.md", "exec"), {})


def test_the_table_is_generated_from_the_cards() -> None:
    text = README.read_text(encoding="utf-8")
    table = markdown_table([zoo.card(name) for name in zoo.list_models()])
    assert insert_table(text, table) == text, "run: zoo list --markdown, and put it into README.md"


def test_there_are_two_commands_to_set_up_and_go() -> None:
    install, test = blocks("bash")[:2]
    assert "zoo reconstruct" in install
    assert "pytest" in test


def test_every_picture_and_page_it_names_exists() -> None:
    text = README.read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (README.parent / link).exists(), link
