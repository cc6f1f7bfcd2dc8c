"""What the bundled checkpoints were asked to reach, by the results that come with them."""

from itertools import pairwise

import pytest

from zoo.eval.leaderboard import Result, published

MEASURED = {result.path.name: result for result in published("measured")}
RISING = {"si_sdr": 1, "stoi": 1, "mel_distance": -1}  # and falling


def figures(result: Result, metric: str) -> dict[int, float]:
    """Means of a metric by prefix, the shortest first."""
    found = {q["prefix"]: q["metrics"][metric]["value"] for q in result.body["qualities"]}
    assert all(type(prefix) is int for prefix in found)
    return dict(sorted(found.items()))


@pytest.mark.parametrize("metric", RISING)
def test_codec_tiny_gains_with_every_codebook(metric: str) -> None:
    found = figures(MEASURED["codec-tiny.audio.json"], metric)
    assert list(found) == list(range(1, 9))
    way = RISING[metric]
    assert all(way * fewer < way * more for fewer, more in pairwise(found.values()))


def test_codec_tiny_is_understood() -> None:
    assert figures(MEASURED["codec-tiny.audio.json"], "stoi")[8] >= 0.85


@pytest.mark.parametrize(
    ("name", "least"),
    [("flextok-tiny.image.json", 18.0), ("flextok-tiny.image.steps20.json", 16.0)],
)
def test_flextok_tiny_gains_with_every_doubling(name: str, least: float) -> None:
    found = figures(MEASURED[name], "psnr")
    assert list(found) == [1, 2, 4, 8, 16, 32, 64]
    assert all(fewer < more for fewer, more in pairwise(found.values()))
    assert found[64] >= least


def test_tokenflow_tiny_gains_with_every_scale() -> None:
    result = MEASURED["tokenflow-tiny.image.json"]
    found = figures(result, "psnr")
    assert list(found) == [1, 2, 3]
    assert all(fewer < more for fewer, more in pairwise(found.values()))
    (book,) = result.body["qualities"][-1]["rate"]["codebooks"]
    assert book["usage"] > 0.8
