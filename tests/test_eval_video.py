"""The tasks of videos from end to end, and operations counted as they run."""

import json
from pathlib import Path

import pytest
import torch
import toy_video
from samples import picture_folder, video
from tempme_files import clip, openai, trained, write_card
from tiny import make_tiny_flextok

import zoo
from zoo.cli import main
from zoo.eval.metrics.retrieval import retrieval
from zoo.eval.speed.flops import count_flops
from zoo.eval.statistics.wilson import wilson
from zoo.media.image import canonical


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Four videos, one of them broken, and captions."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(3):
        frames = video(9 - number, 32, 48, number)
        zoo.Media("video", [frames], fps=5).save(folder / f"{number}.mp4")
    (folder / "3.mp4").write_bytes(b"no video")
    lines = ["0.mp4\ta cat", "1.mp4\tcat cat", "0.mp4\tanother", "2.mp4\tnone", "3.mp4\tbroken"]
    (folder / "captions.tsv").write_text("\n".join([*lines, "elsewhere.mp4\tx", ""]))
    return folder


@pytest.fixture
def tempme(tmp_path: Path) -> str:
    folder = tmp_path / "tempme"
    folder.mkdir()
    torch.save(trained(openai(clip().state_dict())), folder / "best.pth")
    write_card(folder, "best.pth")
    return str(folder / "best.md")


def test_video_reconstruction_equals_doing_it_by_hand(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy_video.install(monkeypatch)
    card = str(toy_video.write_card(tmp_path))
    words = ["eval", card, "video_reconstruction", "--data", str(clips)]
    assert main([*words, "-o", str(tmp_path / "r.json")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    data = result["data"]
    assert (data["scored"], data["failed"]) == (3, 1)
    assert [one["metric"] for one in result["skipped"]] == ["fvd"]
    (quality,) = result["qualities"]
    tok = zoo.load(card)
    files = [clips / f"{number}.mp4" for number in range(3)]
    tokens = tok.encode(files)
    wanted = []
    for seen, back in zip(
        tok.view(files).items, tok.decode(tokens, native=True).items, strict=True
    ):
        errors = (canonical(seen) - back[: len(seen)]).double().square().flatten(1).mean(1)
        wanted.append(float((-10 * errors.log10()).mean()))
    figure = quality["metrics"]["psnr"]
    assert figure["value"] == pytest.approx(sum(wanted) / 3, abs=1e-4)
    assert (figure["n"], figure["failed"]) == (3, 0)
    rate = quality["rate"]
    assert rate["id_bits"] == pytest.approx(float(tokens.bits().mean()))
    assert rate["extra_bits"] == pytest.approx(float(tokens.extra_bits().mean())) != 0
    pixels = sum(9 - number for number in range(3)) * 8 * 12
    total = float((tokens.bits() + tokens.extra_bits()).sum())
    assert rate["per_pixel"]["nominal_bits"] == pytest.approx(total / pixels)
    assert main(["leaderboard", "verify", str(tmp_path / "r.json")]) == 0


def test_retrieval_equals_doing_it_by_hand(clips: Path, tempme: str, tmp_path: Path) -> None:
    words = ["eval", tempme, "retrieval", "--data", str(clips), "--flops"]
    assert main([*words, "-o", str(tmp_path / "r.json")]) == 0
    result = json.loads((tmp_path / "r.json").read_text())
    assert [(one["id"], one["stage"]) for one in result["data"]["failures"]] == [("3.mp4", "read")]
    tok = zoo.load(tempme)
    files = [clips / f"{number}.mp4" for number in range(3)]
    texts = ["a cat", "another", "cat cat", "none"]
    scores = tok.similarity(files, texts)  # type: ignore[attr-defined]
    best = torch.cat([scores[:2].amax(0, keepdim=True), scores[2:]])
    metrics = result["qualities"][0]["metrics"]
    for way, found in (
        ("text_to_video", retrieval(scores, torch.tensor([0, 0, 1, 2]))),
        ("video_to_text", retrieval(best.T)),
    ):
        assert metrics[f"{way}_r1"]["value"] == pytest.approx(found.recall[1])
        assert metrics[f"{way}_r_sum"]["value"] == pytest.approx(found.recall_sum)
        assert metrics[f"{way}_mean_rank"]["value"] == pytest.approx(found.mean_rank)
        assert metrics[f"{way}_median_rank"]["n"] == found.queries
    low, high = metrics["text_to_video_r1"]["ci95"]
    assert low <= metrics["text_to_video_r1"]["value"] <= high
    each = [count_flops(lambda f=file: tok.features(f, "video")) for file in files]
    assert metrics["encode_gflop"]["value"] == pytest.approx(sum(each) / 3 / 1e9)
    assert metrics["encode_gmac"]["value"] == pytest.approx(sum(each) / 6 / 1e9)
    assert main(["leaderboard", "verify", str(tmp_path / "r.json")]) == 0


def test_what_retrieval_cannot_judge_is_named(
    clips: Path, tempme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["eval", tempme, "retrieval", "--data", str(clips)]
    for text, message in (
        ("0.mp4 no tab", "captions.tsv:1"),
        ("0.mp4\ta", "no caption of 1.mp4 (3 videos lack one)"),
    ):
        (clips / "captions.tsv").write_text(text)
        assert main(words) == 1
        assert message in capsys.readouterr().err
    (clips / "captions.tsv").unlink()
    assert main(words) == 1
    assert "--captions FILE" in capsys.readouterr().err
    flextok = str(make_tiny_flextok(tmp_path / "flextok"))
    assert main(["eval", flextok, *words[2:]]) == 1
    assert "needs videos" in capsys.readouterr().err


def test_operations_are_those_that_ran(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "data", 2, 32, 32)
    card = str(make_tiny_flextok(tmp_path / "model"))
    words = ["eval", card, "image_reconstruction", "--data", str(data), "--metrics", "psnr"]
    words += ["--flops", "--option", "steps=1", "-o", str(tmp_path / "r.json")]
    assert main(words) == 0
    metrics = json.loads((tmp_path / "r.json").read_text())["qualities"][0]["metrics"]
    tok, files = zoo.load(card), [data / "0.png", data / "1.png"]
    tokens = tok.encode(files)
    spent = count_flops(lambda: tok.encode(files)) / 2e9
    assert metrics["encode_gflop"]["value"] == pytest.approx(spent)
    decoding = count_flops(lambda: tok.decode(tokens, steps=1, native=True)) / 2e9
    assert metrics["decode_gflop"]["value"] == pytest.approx(decoding)
    assert metrics["decode_gmac"]["value"] == pytest.approx(decoding / 2)
    assert spent > 0


def test_wilsons_interval() -> None:
    assert wilson(0.46, 1000) == pytest.approx((0.4293, 0.4910), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)  # Newcombe 1998's form
    assert wilson(1, 10)[1] == pytest.approx(1)
