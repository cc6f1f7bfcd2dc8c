"""Simple methods that trained tokenizers are compared with."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import picture, sound

from zoo.errors import MediaError
from zoo.eval.baselines.digits import features
from zoo.eval.baselines.kmeans import learn
from zoo.eval.baselines.patches import decoded, patches_of, table_size
from zoo.eval.baselines.patches import main as patches
from zoo.eval.baselines.speech import RATE, frames, mu_law
from zoo.media.si_sdr import si_sdr


def speech(seed: int) -> torch.Tensor:
    return torch.from_numpy(sound(RATE, RATE, seed)[0])


@pytest.mark.parametrize("bits", [8, 4])
def test_mu_law_keeps_what_its_rate_can(bits: int) -> None:
    time = torch.arange(RATE) / RATE
    low = 0.5 * torch.sin(2 * torch.pi * 100 * time)
    made = mu_law(bits, 16000)(low)
    assert made.shape == low.shape
    assert si_sdr(low, made) > 4 * bits - 2  # dB; the low tone lies well within the rate
    assert si_sdr(low, made) > si_sdr(low, mu_law(1, 16000)(low))


def test_frames_are_the_nearest_of_those_learned() -> None:
    train = [speech(seed) for seed in range(4)]
    code = frames(train, 8000)
    made = code(train[0][:1001])
    assert made.shape == (1001,)
    assert si_sdr(train[0][:1001], made) > 3
    assert len({tuple(row) for row in made[:1000].view(-1, 20).tolist()}) > 1


def test_the_probe_sees_pitch_and_time() -> None:
    time = np.arange(8000) / 16000
    low, high = (torch.from_numpy(np.sin(time * f)).float()[None] for f in (2000, 9000))
    vectors = [features(x, 16000) for x in (low, high, low.flip(1) * torch.linspace(0, 1, 8000))]
    assert vectors[0].shape == (40 * (2 + 8),)
    assert min(np.abs(vectors[0] - v).max() for v in vectors[1:]) > 1
    assert features(low[:, :100], 16000).shape == vectors[0].shape


def test_patches_are_the_nearest_of_those_learned() -> None:
    pictures = torch.rand(6, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    rows = patches_of(pictures, 4)
    assert rows.shape == (6 * 16, 48)
    assert torch.equal(decoded(pictures, rows, 4), pictures)  # a table of them all loses nothing
    few = learn(rows, 8, 5, torch.Generator().manual_seed(0))
    error = (decoded(pictures, few, 4) - pictures).square().mean()
    start = (decoded(pictures, rows[:8], 4) - pictures).square().mean()
    assert error < 0.8 * start


def test_bits_are_spent_in_full_whatever_the_patches() -> None:
    assert table_size(2560, 64, 4) == 1024
    assert table_size(3276, 64, 4) == 7116
    with pytest.raises(MediaError, match="another --patch"):
        table_size(3276, 64, 16)


def test_the_command_prints_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(3):
        picture(16, 16, seed).save(tmp_path / f"{seed}.png")
    given = ["--train", tmp_path, "--data", tmp_path, "--bits", 48, "--size", 16, "--limit", 2]
    patches([str(word) for word in given])
    told = re.fullmatch(r"8 codes of 4 x 4 pixels, 48 bits: ([\d.]+) dB\n", capsys.readouterr().out)
    assert told is not None
    assert float(told[1]) > 12
