"""Metrics of pictures against the libraries that published numbers come from.

All networks have random weights, on disk under the names and in the form of the published ones.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from damaged_pictures import damaged, pictures
from samples import picture_folder
from tiny import make_tiny_flextok

from zoo.cli import main
from zoo.errors import CheckpointCorruptError, CheckpointUnavailableError, NotSupportedError
from zoo.eval.metrics import Pair, Unmeasurable
from zoo.eval.metrics.feature_distance import feature_distance
from zoo.eval.metrics.fid import InceptionDistance
from zoo.eval.metrics.lpips import TRUNKS, Lpips
from zoo.eval.metrics.psnr import Psnr
from zoo.eval.metrics.ssim import MsSsim, Ssim
from zoo.media.image import canonical

skimage = pytest.importorskip("skimage.metrics", reason="scikit-image is the reference")


def test_psnr_and_ssim_equal_scikit_image() -> None:
    for image in pictures(3, 40, 56):
        other = damaged(image)
        one, two = (canonical(x).permute(1, 2, 0).double().numpy() for x in (image, other))
        pair = Pair(image, other)
        wanted = skimage.peak_signal_noise_ratio(one, two, data_range=1)
        assert Psnr().measure(pair)["psnr"] == pytest.approx(wanted, abs=1e-9)
        wanted = skimage.structural_similarity(
            one, two, data_range=1, channel_axis=2, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert Ssim().measure(pair)["ssim"] == pytest.approx(wanted, abs=1e-9)
    with pytest.raises(Unmeasurable, match="needs 11"):
        Ssim().measure(Pair(image[:, :10], image[:, :10]))


def test_ms_ssim_equals_torchmetrics() -> None:
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

    image = pictures(1, 176, 201)[0]
    other = damaged(image)
    both = [canonical(x)[None].double() for x in (other, image)]
    wanted = multiscale_structural_similarity_index_measure(*both, data_range=1.0)
    # it pads borders where the authors' code takes whole windows only
    assert MsSsim().measure(Pair(image, other))["ms_ssim"] == pytest.approx(float(wanted), abs=2e-3)
    assert MsSsim().measure(Pair(image, image))["ms_ssim"] == pytest.approx(1)
    with pytest.raises(Unmeasurable, match="needs 161"):
        MsSsim().measure(Pair(image[:, :160], other[:, :160]))


def test_a_video_is_scored_frame_by_frame() -> None:
    frames = torch.stack(pictures(3, 30, 30))
    other = torch.stack([damaged(frame) for frame in frames])
    for metric, column in ((Psnr(), "psnr"), (Ssim(), "ssim")):
        each = [metric.measure(Pair(a, b))[column] for a, b in zip(frames, other, strict=True)]
        assert metric.measure(Pair(frames, other))[column] == pytest.approx(np.mean(each))


@pytest.mark.parametrize("trunk", TRUNKS)
def test_lpips_equals_torchmetrics(trunk: str, tmp_path: Path) -> None:
    import torchvision
    from torchmetrics.functional.image.lpips import _LPIPS

    makers = {"alex": torchvision.models.alexnet, "vgg": torchvision.models.vgg16}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = makers[trunk](num_classes=1).state_dict()
    path = tmp_path / "trunk.pth"
    torch.save(weights, path, _use_new_zipfile_serialization=trunk == "alex")
    theirs = _LPIPS(net=trunk, pnet_rand=True, eval_mode=True)
    theirs.net.load_state_dict(
        {name: weights[f"features.{name.split('.', 1)[1]}"] for name in theirs.net.state_dict()}
    )
    image = pictures(1, 40, 48)[0]
    other = damaged(image)
    with torch.no_grad():
        wanted = theirs(canonical(image)[None], other[None], normalize=True)
    found = Lpips(trunk, path).measure(Pair(image, other))[f"lpips_{trunk}"]
    assert found == pytest.approx(float(wanted), rel=1e-5)
    assert found > 0
    torch.save({"features.0.weight": torch.zeros(3)}, path)
    with pytest.raises(CheckpointCorruptError, match="not the weights of LPIPS"):
        Lpips(trunk, path)


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has downloaded nothing."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return


@pytest.mark.usefixtures("no_weights")
def test_what_is_missing_is_said_and_the_rest_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = make_tiny_flextok(tmp_path / "model")
    data = picture_folder(tmp_path / "data", 3)
    words = ["eval", str(card), "image_reconstruction", "--data", str(data), "--json"]
    words += ["--option", "steps=1", "--features", f"zoo:{card}"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    skipped = {one["metric"]: one["reason"] for one in result["skipped"]}
    assert {*skipped} == {"lpips_alex", "fid"}
    assert "--inception PATH" in skipped["fid"]
    assert str(tmp_path / "hub") in skipped["fid"]
    metrics = result["qualities"][0]["metrics"]
    assert {*metrics} == {
        "psnr", "ssim", "fd_flextok_random", "fd_infinity_flextok_random", "mmd_flextok_random",
    }  # fmt: skip
    assert metrics["fd_flextok_random"]["value"] > 0
    with pytest.raises(CheckpointUnavailableError, match="no such file"):
        InceptionDistance("clean", tmp_path / "nothing.pth")
    with pytest.raises(NotSupportedError, match="zoo:NAME or hf:FOLDER"):
        feature_distance("dinov2", "cpu")
