"""Every figure that a task reports has a proof, and the proof is a test that exists."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from zoo.eval.metrics import Pair
from zoo.eval.metrics.stoi import Stoi

EVAL = Path(__file__).parent.parent / "eval"
PROOFS = (EVAL / "metrics" / "README.md").read_text(encoding="utf-8")


def test_every_named_test_exists() -> None:
    known = {
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    named = set(re.findall(r"`(test_\w+)`", PROOFS))
    assert named
    assert named <= known


@pytest.mark.parametrize(
    "readme", sorted(EVAL.glob("tasks/*/README.md")), ids=lambda p: p.parent.name
)
def test_every_figure_of_a_task_is_proved(readme: Path) -> None:
    lines = re.findall(r"^\| (`.*?) \|", readme.read_text(encoding="utf-8"), re.M)
    figures = {name for line in lines for name in re.findall(r"`(\w+)`", line)}
    assert figures
    for name in figures - {"wer_reference", "text_to_video_r_sum", "text_to_video_median_rank"}:
        assert f"`{name}`" in PROOFS, name


def by_hand(one: np.ndarray, other: np.ndarray, extended: bool) -> float:
    """Taal et al. 2011 and Jensen and Taal 2016, at 10 kHz, for sounds without silence."""
    window = np.hanning(258)[1:-1]
    centres = 150 * 2.0 ** (np.arange(15) / 3)
    bins = np.linspace(0, 5000, 257)
    edges = [np.abs(bins - c * 2 ** (s / 6)).argmin() for c in centres for s in (-1, 1)]

    def bands(sound: np.ndarray) -> np.ndarray:  # [band, frame]
        frames = np.lib.stride_tricks.sliding_window_view(sound, 256)[::128] * window
        power = np.abs(np.fft.rfft(frames, 512)) ** 2
        return np.sqrt([power[:, a:b].sum(1) for a, b in zip(edges[::2], edges[1::2], strict=True)])

    def unit(x: np.ndarray, axis: int) -> np.ndarray:
        x = x - x.mean(axis, keepdims=True)
        return x / np.linalg.norm(x, axis=axis, keepdims=True)

    x, y = (np.lib.stride_tricks.sliding_window_view(bands(s), 30, 1) for s in (one, other))
    if extended:  # axes band, segment, frame of the segment: rows, then columns
        x, y = (unit(unit(part, 2), 0) for part in (x, y))
        return float((x * y).sum() / 30 / x.shape[1])
    level = np.linalg.norm(x, axis=2, keepdims=True) / np.linalg.norm(y, axis=2, keepdims=True)
    clipped = np.minimum(y * level, x * (1 + 10 ** (15 / 20)))
    return float((unit(x, 2) * unit(clipped, 2)).sum(2).mean())


def test_stoi_equals_its_formula() -> None:
    random = np.random.default_rng(0)
    time = np.arange(30000) / 10000
    clean = 0.2 * (1.5 + np.sin(17 * time)) * random.normal(size=30000)
    dirty = clean + 0.25 * random.normal(size=30000)
    pair = Pair(*(torch.from_numpy(x).float()[None] for x in (clean, dirty)), rate=10000)
    found = Stoi().measure(pair)
    assert found["stoi"] == pytest.approx(by_hand(clean, dirty, False), abs=2e-3)
    assert found["estoi"] == pytest.approx(by_hand(clean, dirty, True), abs=2e-3)
    assert found["estoi"] < found["stoi"] < 0.97
