"""Distances of features against the libraries that published numbers come from.

All networks have random weights, on disk under the names and in the form of the published ones.
"""

import math
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from damaged_pictures import damaged, pictures

from zoo.errors import CheckpointCorruptError, CheckpointUnavailableError
from zoo.eval.metrics.distances import frechet_entry
from zoo.eval.metrics.feature_distance import feature_distance
from zoo.eval.metrics.fid import InceptionDistance
from zoo.eval.metrics.inception import RECIPES, Inception, inception_features, load_inception
from zoo.eval.statistics.frechet import frechet
from zoo.eval.statistics.kernel import paired_mmd, polynomial


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights with the published names, the last layer's included."""
    random = torch.Generator().manual_seed(0)
    network = Inception()
    for parameter in network.parameters():
        fan = parameter[0].numel() if parameter.ndim > 1 else 1
        parameter.data = torch.randn(parameter.shape, generator=random) * math.sqrt(2 / fan)
        if parameter.ndim == 1:
            parameter.data = parameter.data * 0.05 + 1
    last = {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    path = tmp_path_factory.mktemp("inception") / "random.pth"
    torch.save({**network.state_dict(), **last}, path)
    return path


@pytest.mark.parametrize("recipe", RECIPES)
def test_features_equal_the_recipes_own_library(
    recipe: str, inception: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = pictures(2, 40, 56)
    ours = inception_features(load_inception(inception), images, RECIPES[recipe], "cpu")
    assert ours.std() > 1e-3
    if recipe == "torch-fidelity":
        theirs = fidelity(inception)(torch.stack(images))[0]
    elif recipe == "pytorch-fid":
        from pytorch_fid import inception as library

        weights = torch.load(inception, weights_only=True)
        monkeypatch.setattr(library, "load_state_dict_from_url", lambda *_, **__: weights)
        with warnings.catch_warnings():  # it calls torchvision in an old way
            warnings.simplefilter("ignore")
            network = library.InceptionV3().eval()
        with torch.no_grad():
            theirs = network(torch.stack(images) / 255)[0][:, :, 0, 0]
    else:
        from cleanfid.resize import build_resizer

        with warnings.catch_warnings():  # Pillow wants no mode any more
            warnings.simplefilter("ignore")
            resized = [build_resizer("clean")(x.permute(1, 2, 0).numpy()) for x in images]
        prepared = (torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2) - 128) / 128
        with torch.no_grad():
            theirs = load_inception(inception)(prepared)
    assert (ours - theirs).abs().max() / theirs.std() < 1e-4


@cache
def fidelity(path: Path) -> torch.nn.Module:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    return FeatureExtractorInceptionV3("random", ["2048"], feature_extractor_weights_path=str(path))


def test_distances_equal_torch_fidelity() -> None:
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    random = torch.Generator().manual_seed(0)
    one = torch.randn(120, 16, generator=random)
    other = one * 0.9 + 0.3 * torch.randn(120, 16, generator=random)
    statistics = [fid_features_to_statistics(x) for x in (one, other)]
    theirs = fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
    assert frechet(one, other) == pytest.approx(theirs, rel=1e-6)
    one, other = one.double(), other.double()
    found = kid_features_to_metric(one, other, kid_subsets=1, kid_subset_size=120, verbose=False)
    # theirs has the matched pairs in the cross term
    kernel = polynomial(one, other)
    pairs, all_of_them = kernel.trace(), kernel.sum()
    cross = 2 * (all_of_them / 120**2 - (all_of_them - pairs) / (120 * 119))
    wanted = found["kernel_inception_distance_mean"] + float(cross)
    assert paired_mmd(one, other)[0] == pytest.approx(wanted, rel=1e-5)


def test_torchmetrics_gathers_the_same_features(inception: Path) -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    theirs = FrechetInceptionDistance(
        feature=2048, feature_extractor_weights_path=str(inception), antialias=False
    )
    images = pictures(3, 32, 32)
    others = [damaged(image).mul(255).round().to(torch.uint8) for image in images]
    theirs.update(torch.stack(images), real=True)
    theirs.update(torch.stack(others), real=False)
    metric = InceptionDistance("torch-fidelity", inception)
    assert metric.weights["file"] == "random.pth"
    features = metric.features(images), metric.features(others)
    for ours, total, products in (
        (features[0], theirs.real_features_sum, theirs.real_features_cov_sum),
        (features[1], theirs.fake_features_sum, theirs.fake_features_cov_sum),
    ):
        assert torch.allclose(ours.double().sum(0), total, rtol=1e-4)
        assert torch.allclose(ours.double().T @ ours.double(), products, rtol=1e-3)
    assert metric.figures(*features)["fid"] == frechet_entry(*features)


def test_wrong_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "inception.pth"
    torch.save({"Conv2d_1a_3x3.conv.weight": torch.zeros(3)}, path)
    with pytest.raises(CheckpointCorruptError, match="not the weights of Inception"):
        load_inception(path)


@pytest.mark.parametrize("kind", ["dinov2", "clip"])
def test_features_of_networks_of_transformers(kind: str, tmp_path: Path) -> None:
    import transformers as hf

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    if kind == "dinov2":
        network = hf.Dinov2Model(hf.Dinov2Config(**small, image_size=28, patch_size=14))
        processor = hf.BitImageProcessor(size={"shortest_edge": 28}, crop_size=28)
    else:
        tower = {**small, "intermediate_size": 16}
        vision = {**tower, "image_size": 28, "patch_size": 14}
        text = {**tower, "vocab_size": 9, "max_position_embeddings": 5}
        config = hf.CLIPConfig(vision_config=vision, text_config=text, projection_dim=8)
        network = hf.CLIPModel(config)
        processor = hf.CLIPImageProcessor(size={"shortest_edge": 28}, crop_size=28)
    network.save_pretrained(tmp_path / f"tiny-{kind}")
    processor.save_pretrained(tmp_path / f"tiny-{kind}")
    metric = feature_distance(f"hf:{tmp_path / f'tiny-{kind}'}", "cpu")
    images = pictures(4, 40, 56)
    features = metric.features(images), metric.features([damaged(image) for image in images])
    assert features[0].shape == (4, 16 if kind == "dinov2" else 8)
    figures = metric.figures(*features)
    assert figures[f"fd_tiny_{kind}"]["value"] == pytest.approx(frechet(*features))
    assert len(metric.settings["weights_digest"]) == 64
    with pytest.raises(CheckpointUnavailableError, match="nowhere"):
        feature_distance(f"hf:{tmp_path / 'nowhere'}", "cpu")
