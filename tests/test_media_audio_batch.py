"""Sounds in one Media: their rates, saving and showing them."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sound_reading import read

from zoo.errors import MediaError
from zoo.media import Media


def test_media_has_one_rate_or_one_each():
    sounds = [torch.zeros(1, 8), torch.zeros(2, 4)]
    media = Media("audio", sounds, rate=[8000, 16000])
    assert [one.rate for one in media] == [8000, 16000]
    assert media[1].to("cpu").rate == 16000
    assert pickle.loads(pickle.dumps(media)).rates == (8000, 16000)
    with pytest.raises(MediaError, match="8000, 16000"):
        _ = media.rate
    with pytest.raises(MediaError, match="needs its sample rate"):
        Media("audio", sounds)
    with pytest.raises(MediaError, match="1 sample rates given for 2"):
        Media("audio", sounds, rate=[8000])
    with pytest.raises(MediaError, match=r"\[channels, samples\]"):
        Media("audio", [torch.zeros(8)], rate=8000)
    with pytest.raises(MediaError, match="int16"):
        Media("audio", [torch.zeros(1, 8, dtype=torch.int16)], rate=8000)


@pytest.mark.parametrize(
    "rate", [8000.0, np.float32(8000), np.array(8000), np.array([8000, 8000]), torch.tensor(8000)]
)
def test_a_rate_of_any_kind_is_a_whole_number(rate: Any):
    rates = Media("audio", torch.zeros(2, 1, 8), rate=rate).rates
    assert rates == (8000, 8000)
    assert all(type(one) is int for one in rates or ())


@pytest.mark.parametrize("rate", [0, -8000, 8000.5, float("nan"), "8000", True, [8000, "a"]])
def test_what_is_no_rate_is_refused(rate: Any):
    with pytest.raises(MediaError, match="sample rate is .*whole number of Hz"):
        Media("audio", torch.zeros(2, 1, 8), rate=rate)


def test_items_are_tensors():
    with pytest.raises(MediaError, match="holds tensors, not ndarray"):
        Media("audio", [np.zeros((1, 8), np.float32)], rate=8000)  # pyright: ignore[reportArgumentType]
    with pytest.raises(MediaError, match="holds tensors, not list"):
        Media("image", [[1, 2]])  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_saved_sound_comes_back_to_the_bit(tmp_path: Path, suffix: str):
    steps = torch.randint(-(2**15), 2**15, (2, 500))
    media = Media("audio", [steps / 2**15, torch.tensor([[1.5, -1.5, 0.1]])], rate=[44100, 8000])
    paths = media.save(f"{tmp_path}/{{}}.{suffix}")
    assert torch.equal(read(paths[0]).items[0], media.items[0])
    clipped = read(paths[1])
    assert clipped.rate == 8000
    assert (clipped.items[0] - torch.tensor([[1.0, -1.0, 0.1]])).abs().max() < 1e-4
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"0.{suffix}", f"1.{suffix}"]


def test_what_cannot_be_saved_leaves_nothing(tmp_path: Path):
    with pytest.raises(MediaError, match="NaN"):
        Media("audio", [torch.full((1, 4), torch.nan)], rate=8000).save(tmp_path / "a.wav")
    with pytest.raises(MediaError, match=r"\.wav, \.flac"):
        Media("audio", [torch.zeros(1, 4)], rate=8000).save(tmp_path / "a.xyz")
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_shows_players():
    media = Media("audio", torch.zeros(2, 1, 8), rate=8000)
    assert media._repr_html_().count("<audio controls") == 2
    assert media._repr_png_() is None
