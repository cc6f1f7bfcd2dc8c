"""Distances between sets: closed forms, other libraries, and the paired estimates by simulation."""

from pathlib import Path

import numpy as np
import pytest
import torch

from zoo.errors import CheckpointUnavailableError, MediaError
from zoo.eval.metrics.distances import frechet_entry, frechet_infinity_entry, kernel_entry
from zoo.eval.metrics.fvd import Fvd, prepared
from zoo.eval.statistics.frechet import frechet, frechet_infinity
from zoo.eval.statistics.jackknife import groups, jackknife_error
from zoo.eval.statistics.kernel import paired_mmd, polynomial


def paired(count: int, dim: int, random: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Items and their reconstructions: correlated, slightly shrunk and noisy."""
    one = random.normal(size=(count, dim)) * np.linspace(0.5, 1.5, dim)
    other = 0.9 * one + 0.2 * random.normal(size=(count, dim)) + 0.05
    return torch.from_numpy(one), torch.from_numpy(other)


@pytest.mark.parametrize(("count", "dim"), [(400, 12), (9, 40)])
def test_frechet_equals_the_matrix_root(count: int, dim: int) -> None:
    linalg = pytest.importorskip("scipy.linalg", reason="scipy is the independent reference")
    one, other = paired(count, dim, np.random.default_rng(0))
    first, second = np.cov(one.numpy(), rowvar=False), np.cov(other.numpy(), rowvar=False)
    regular = 1e-10 * np.eye(dim)  # the root of a singular product does not converge
    root = linalg.sqrtm((first + regular) @ (second + regular)).real
    means = float((one.mean(0) - other.mean(0)).square().sum())
    wanted = means + np.trace(first + second - 2 * root)
    assert frechet(one, other) == pytest.approx(wanted, rel=1e-4)


def test_frechet_in_closed_form() -> None:
    one = torch.from_numpy(np.random.default_rng(0).normal(size=(300, 5)))
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one, one + 2) == pytest.approx(5 * 4)
    variance = float(one.var(0).sum())
    assert frechet(one, 3 * one) == pytest.approx(
        4 * variance + 4 * float(one.mean(0).square().sum())
    )


def test_the_jackknife_error_is_the_spread_of_new_data() -> None:
    random = np.random.default_rng(3)
    values, errors = [], []
    for _ in range(60):
        one, other = paired(300, 8, random)
        labels = groups(300)
        kept = [frechet(one[labels != g], other[labels != g]) for g in range(10)]
        values.append(frechet(one, other))
        errors.append(jackknife_error(kept))
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.3)


def test_the_jackknife_error_of_a_mean_is_that_of_the_mean() -> None:
    values = np.random.default_rng(0).normal(size=10)
    left_out = [np.delete(values, i).mean() for i in range(10)]
    assert jackknife_error(left_out) == pytest.approx(values.std(ddof=1) / np.sqrt(10))
    assert np.bincount(groups(23)).tolist() == [3, 3, 3] + [2] * 7


def test_infinity_is_nearer_to_the_truth_than_all_items_are() -> None:
    random = np.random.default_rng(5)
    # independent sets of one distribution: the truth is 0
    pairs = [torch.from_numpy(random.normal(size=(2, 600, 10))) for _ in range(8)]
    plain = np.mean([frechet(*pair) for pair in pairs])
    limit = np.mean([frechet_infinity(*pair) for pair in pairs])
    assert plain > 0.1
    assert abs(limit) < plain / 5


def test_matched_pairs_bias_the_usual_kernel_distance_and_not_ours() -> None:
    random = np.random.default_rng(7)
    usual, ours = [], []
    for _ in range(150):
        one, other = paired(40, 6, random)
        value, _ = paired_mmd(one, other)
        ours.append(value)
        within = [polynomial(x, x).fill_diagonal_(0).sum() / (40 * 39) for x in (one, other)]
        usual.append(float(within[0] + within[1] - 2 * polynomial(one, other).mean()))
    one, other = paired(2000, 6, random)
    independent = other[torch.from_numpy(random.permutation(2000))]
    truth, left_out = paired_mmd(one, independent)
    error = np.std(ours) / np.sqrt(150) + jackknife_error(left_out)
    assert abs(np.mean(ours) - truth) < 4 * error
    assert np.mean(usual) < np.mean(ours) - 4 * error


def test_groups_left_out_are_the_estimate_of_the_others() -> None:
    one, other = paired(50, 4, np.random.default_rng(1))
    labels = torch.from_numpy(groups(50))
    _, left_out = paired_mmd(one, other)
    kept = labels != 3
    x, y = one[kept], other[kept]
    off = 1 - torch.eye(len(x))
    pairs = len(x) * (len(x) - 1)
    wanted = sum(
        float((polynomial(a, b) * off).sum()) * s for a, b, s in ((x, x, 1), (y, y, 1), (x, y, -2))
    )
    assert left_out[3] == pytest.approx(wanted / pairs)


def test_too_few_samples_have_no_distance_and_say_so() -> None:
    two = torch.rand(2, 4)
    for entry in (frechet_entry(two, two), kernel_entry(two, two)):
        assert entry["value"] is None
        assert "3 samples" in entry["reason"]
    assert frechet_infinity_entry(torch.rand(19, 4), torch.rand(19, 4))["value"] is None
    one, other = paired(40, 4, np.random.default_rng(0))
    found = frechet_entry(one, other)
    assert found["ci95"][0] < found["value"] < found["ci95"][1]
    assert frechet_infinity_entry(one, other)["value"] is not None


class Stand(torch.nn.Module):
    """Called as I3D's TorchScript is; looks at means of space and time."""

    def forward(
        self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool
    ) -> torch.Tensor:
        assert not rescale
        assert not resize
        assert return_features
        return torch.cat([x.mean((2, 3, 4)), x.std((2, 3, 4))], 1)


def test_fvd_by_a_network_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "i3d.pt"
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.script(Stand()).save(str(path))
    metric = Fvd(path)
    assert metric.weights["file"] == "i3d.pt"
    videos = [torch.rand(10, 3, 20, 30) * (i + 1) / 8 for i in range(8)]
    dark = [video * 0.5 for video in videos]
    features = metric.features(videos)
    assert features.shape == (8, 6)
    value = metric.figures(features, metric.features(dark))["fvd"]["value"]
    assert value == pytest.approx(frechet(features, metric.features(dark)))
    assert (
        value > metric.figures(features, metric.features([v * 0.9 for v in videos]))["fvd"]["value"]
    )
    with pytest.raises(MediaError, match="9 frames"):
        metric.features([videos[0][:9]])
    with pytest.raises(CheckpointUnavailableError, match="--i3d PATH"):
        Fvd(None)
    path.write_bytes(b"something else")
    with pytest.raises(CheckpointUnavailableError, match="no TorchScript"):
        Fvd(path)


def test_fvd_frames_are_the_middle_at_224() -> None:
    tall = torch.zeros(2, 3, 448, 224)
    tall[:, :, 112:336] = 1
    assert prepared(tall).shape == (3, 2, 224, 224)
    assert prepared(tall).min() == 1
    assert prepared(torch.zeros(2, 3, 30, 47)).shape == (3, 2, 224, 224)
