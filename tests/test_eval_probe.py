"""Labels, folds and probes on data whose answer is known; the task from end to end."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import picture
from tiny import make_tiny_flextok

import zoo
from zoo.cli import main
from zoo.errors import MediaError, NotSupportedError
from zoo.eval.baselines import features
from zoo.eval.probing.attentive import Training, attentive_fit
from zoo.eval.probing.folds import correctness, split
from zoo.eval.probing.linear import bag_fit, linear_fit, majority_fit
from zoo.eval.probing.raw import raw_features
from zoo.eval.samples import list_samples
from zoo.eval.samples.labels import labels_of
from zoo.loading import load_random
from zoo.weights import save_checkpoint

CLASSES = np.arange(60) % 3


def coloured(folder: Path, per_class: int = 4) -> Path:
    """A folder per class of pictures, which a mean colour tells apart."""
    for name, shift in (("red", 0), ("dark", 1)):
        (folder / name).mkdir(parents=True)
        for seed in range(per_class):
            image = np.array(picture(40, 50, seed)).astype(float)
            image = image * 0.2 if shift else image * 0.3 + [170, 0, 0]
            from PIL import Image

            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{seed}.png")
    return folder


def test_labels_from_folders_tars_and_ids(tmp_path: Path) -> None:
    data = coloured(tmp_path / "data")
    samples = list_samples(data, "image")
    assert labels_of(samples) == ["dark"] * 4 + ["red"] * 4
    assert labels_of(samples, r"(\d)\.png") == ["0", "1", "2", "3"] * 2
    with pytest.raises(MediaError, match="finds no class"):
        labels_of(samples, "green")
    with pytest.raises(MediaError, match="'red'"):
        labels_of(list_samples(data / "red", "image"))
    path = tmp_path / "shard.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in (
            ("a/1.x.jpg", b"?"), ("a/1.cls", b"7\n"), ("a/2.jpg", b"?"), ("a/2.cls", b"8"),
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert labels_of(list_samples(path, "image")) == ["7", "8"]


def test_a_shuffled_list_is_a_permutation_and_its_start(tmp_path: Path) -> None:
    data = coloured(tmp_path / "data")
    plain, mixed = list_samples(data, "image"), list_samples(data, "image", shuffle=1)
    assert plain != mixed
    assert sorted(mixed, key=lambda one: one.id) == plain
    assert list_samples(data, "image", 3, shuffle=1) == mixed[:3]


def test_every_sample_is_judged_once_and_clusters_stay_together() -> None:
    clusters = [f"speaker {i // 6}" for i in range(60)]
    for groups in (None, clusters):
        folds = split(CLASSES, groups, 5, seed=0)
        assert sorted(np.concatenate([judged for _, judged in folds])) == list(range(60))
        for train, judged in folds:
            assert not {*train} & {*judged}
            if groups:
                assert not {groups[i] for i in train} & {groups[i] for i in judged}


def test_linear_probes_read_what_is_there() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 5))
    chance = correctness(linear_fit(features, CLASSES), CLASSES, None, folds=5, seeds=[0, 1])
    features[:, 2] += CLASSES * 20
    found = correctness(linear_fit(features, CLASSES), CLASSES, None, folds=5, seeds=[0, 1])
    assert found.mean() > 0.97
    assert chance.mean() < 0.6
    majority = majority_fit(np.array([1, 1, 0]))(np.array([0, 1, 2]), np.array([0, 1]), 0)
    assert majority.tolist() == [1, 1]


def test_bags_are_read_whatever_the_number_of_ids() -> None:
    random = np.random.default_rng(0)
    bags = [random.integers(100, 50000, 20) for _ in CLASSES]
    for bag, label in zip(bags, CLASSES, strict=True):
        bag[:4] = label  # ids 0, 1 and 2 give the class away
    found = correctness(bag_fit(bags, 50000, CLASSES), CLASSES, None, folds=5, seeds=[0])
    assert found.mean() > 0.95


def test_the_span_of_the_bags_gives_the_same_classifier_as_all_columns() -> None:
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(3)
    bags = [random.integers(0, 12, 6) + label for label in CLASSES]
    counts = np.stack([np.bincount(bag, minlength=15) for bag in bags])
    train, judged = split(CLASSES, None, 3, seed=0)[0]
    weigh = TfidfTransformer(sublinear_tf=True).fit(counts[train])
    rows = weigh.transform(counts).toarray() * np.sqrt(len(train))
    model = LogisticRegression(max_iter=300, tol=1e-3).fit(rows[train], CLASSES[train])
    ours = bag_fit(bags, 15, CLASSES)(train, judged, 0)
    assert np.mean(ours == model.predict(rows[judged])) >= 0.95


def test_the_attentive_probe_reads_order_and_ignores_holes() -> None:
    random = torch.Generator().manual_seed(0)
    classes = np.arange(240) % 3
    ids = torch.randint(0, 8, (240, 2, 6), generator=random)
    order = torch.from_numpy(classes)
    ids[:, 0, :3] = torch.tensor([[1, 2, 3], [3, 1, 2], [2, 3, 1]])[order]  # the same bag each
    ids[:, 1, 4:] = -1
    fit = attentive_fit(ids, (8, 8), classes, Training(), "cpu")
    found = correctness(fit, classes, None, folds=2, seeds=[0])
    assert found.mean() > 0.95
    again = correctness(fit, classes, None, folds=2, seeds=[0])
    assert np.array_equal(found, again)


def test_raw_features_in_closed_form() -> None:
    image = torch.zeros(3, 32, 48)
    image[0, :, 24:] = 1
    fields = raw_features(image, "image", None).view(3, 16, 16)
    assert fields[0, :, :8].max() == 0
    assert fields[0, :, 8:].min() == 1
    video = torch.stack([image, 1 - image])
    assert raw_features(video, "video", None).tolist() == pytest.approx([0.5] * 768 + [1.0] * 768)
    silence = raw_features(torch.zeros(1, 4000), "audio", 8000)
    assert silence.tolist() == pytest.approx([np.log(1e-5)] * 64 + [0.0] * 64, rel=1e-5)


def test_the_task_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = make_tiny_flextok(tmp_path / "model")
    data = coloured(tmp_path / "data")
    (data / "red" / "9.png").write_bytes(b"nothing")
    words = ["eval", str(card), "probe", "--data", str(data), "--prefix", "2,16", "--json"]
    words += ["--folds", "2", "--seeds", "2", "--epochs", "2"]
    assert main([*words, "-o", str(tmp_path / "r.json")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["data"]["scored"], result["data"]["failed"]) == (8, 1)
    assert result["task"]["settings"]["classes"] == ["dark", "red"]
    rows = [json.loads(line) for line in (tmp_path / "r.samples.jsonl").read_text().splitlines()]
    for quality in result["qualities"]:
        metrics = quality["metrics"]
        assert metrics["accuracy_majority"]["value"] == 0.5
        assert metrics["accuracy_raw"]["value"] == 1
        assert {"accuracy_bag", "accuracy_attentive"} <= {*metrics}
        assert quality["rate"]["nominal_bits"] == pytest.approx(
            quality["prefix"] * np.log2(64000), rel=1e-6
        )
        for probe in ("bag", "attentive"):
            each = [row["qualities"][str(quality["prefix"])][probe] for row in rows]
            assert np.mean(each) == pytest.approx(metrics[f"accuracy_{probe}"]["value"])
    assert main([*words, "--folds", "9"]) == 1
    assert "9 folds need" in capsys.readouterr().err


def test_features_before_and_after_the_ids_are_probed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tok = load_random(Path(__file__).parent / "cards" / "test-seed-picture.md")
    monkeypatch.setattr(zoo, "load", lambda name: tok)
    arguments = ["tiny", "--data", str(coloured(tmp_path / "data", 10)), "--folds", "2", "--kinds"]
    features.main([*arguments, "patches:mean,queries:last,embedding:flat"])
    lines = capsys.readouterr().out.splitlines()
    names = [line.partition(" (")[0] for line in lines]
    assert names == ["pixels", "patches:mean", "queries:last", "embedding:flat"]
    assert [line.split("(")[1].split()[0] for line in lines] == ["768", "16", "16", "12"]
    assert float(lines[0].split(": ")[1]) > 0.9
    with pytest.raises(NotSupportedError, match="KIND:POOL"):
        features.parse_kinds("queries")


def test_what_ids_stand_for_may_need_the_decoder(tmp_path: Path) -> None:
    card = Path(__file__).parent / "cards" / "test-seed-picture.md"
    (tmp_path / "card.md").write_text(card.read_text())
    save_checkpoint(load_random(card).module, tmp_path / "model.safetensors", {})
    data, out = coloured(tmp_path / "data", 6), tmp_path / "result.json"
    arguments = ["--data", str(data), "--metrics", "vectors", "--folds", "2", "--seeds", "1"]
    assert main(["eval", str(tmp_path / "card.md"), "probe", *arguments, "-o", str(out)]) == 0
    result = json.loads(out.read_text())
    assert 0 <= result["qualities"][0]["metrics"]["accuracy_vectors"]["value"] <= 1
