"""A tiny TempMe in every published spelling: the fixtures ``folder`` and ``tok`` of its tests."""

from pathlib import Path

import pytest
import torch
from samples import video
from tempme_files import clip, openai, trained, write_card
from torch import Tensor

import zoo
from zoo.models.tempme.tokenizer import TempMe

NUMBERS = {"input_resolution": [], "context_length": [], "vocab_size": []}


@pytest.fixture(name="folder", scope="module")
def tempme_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One CLIP in three files, and what training made of it in a fourth."""
    folder = tmp_path_factory.mktemp("tempme")
    state = clip().state_dict()
    torch.save(state, folder / "pytorch_model.bin")
    numbers = {name: torch.tensor(7) for name in NUMBERS}
    torch.save(openai(state) | numbers, folder / "openai.pt")
    zeros = {k: v * (not k.endswith(("LoRA_b", "embedding"))) for k, v in additions(state).items()}
    torch.save(trained(openai(state)) | zeros, folder / "untrained.pth")
    torch.save(trained(openai(state)), folder / "best.pth")
    for file in ("pytorch_model.bin", "openai.pt", "untrained.pth", "best.pth"):
        write_card(folder, file)
    return folder


def additions(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: t for name, t in trained(openai(state)).items() if "TVPt" in name}


def load(folder: Path, name: str) -> TempMe:
    tok = zoo.load(folder / f"{name}.md")
    assert isinstance(tok, TempMe)
    return tok


@pytest.fixture(name="tok", scope="module")
def trained_tempme(folder: Path) -> TempMe:
    return load(folder, "best")


def spread() -> list[tuple[Tensor, float]]:
    return [(video(9, 40, 56, 0), 1.0), (video(4, 32, 32, 1), 5.0)]
