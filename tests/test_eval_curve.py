"""Rate and distortion: anchors, what they reach at equal bits, and the picture of it."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from samples import picture, picture_folder, sound
from tiny import make_tiny_flextok

from zoo.cli import main
from zoo.errors import ZooError
from zoo.eval.anchors import ANCHORS, Setting
from zoo.eval.anchors.moving import without_notes
from zoo.eval.metrics import Pair
from zoo.eval.metrics.psnr import Psnr
from zoo.eval.metrics.si_sdr import SiSdr
from zoo.eval.plots.curve import chosen_metrics, draw_curve
from zoo.eval.reconstruction.equal_bits import at_equal_bits
from zoo.eval.results.front import front


def entry(bits: float, value: float, codec: str = "jpeg") -> dict:
    figure = {"value": value, "higher_is_better": True, "unit": "dB", "ci95": None}
    rate = {"nominal_bits": bits, "per_pixel": {"nominal_bits": bits / 100}}
    return {"codec": codec, "setting": "1", "rate": rate, "metrics": {"psnr": figure}}


@pytest.mark.parametrize("name", ANCHORS["image"])
def test_picture_codecs_trade_bits_for_quality(name: str) -> None:
    anchor = ANCHORS["image"][name]()
    image = torch.from_numpy(np.array(picture(40, 56, 0))).permute(2, 0, 1)
    found = [anchor.code(image, None, s) for s in (Setting(20, 2), Setting(20), Setting(95))]
    assert all(decoded.shape == image.shape for decoded, _ in found)
    bits = [spent for _, spent in found]
    values = [Psnr().measure(Pair(image, decoded))["psnr"] for decoded, _ in found]
    assert bits == sorted(bits)
    assert values == sorted(values)
    assert values[-1] > 30


def test_opus_is_in_step_with_its_input() -> None:
    anchor = ANCHORS["audio"]["opus"]()
    wave, _ = sound(24000, 16000, 0)
    item = torch.from_numpy(wave)[None]
    low, high = (anchor.code(item, 16000, Setting(rate)) for rate in (6000, 64000))
    assert low[0].shape == high[0].shape == item.shape
    assert low[1] < high[1] < 1.5 * 100000
    found = SiSdr().measure(Pair(item, high[0], rate=16000))
    assert found["si_sdr_shift"] == 0
    assert found["si_sdr"] > 10
    stereo = torch.cat([item, -item])
    assert anchor.code(stereo, 16000, Setting(64000))[0].shape == stereo.shape


@pytest.mark.parametrize("name", ANCHORS["video"])
def test_video_codecs_trade_bits_for_quality(name: str) -> None:
    anchor = ANCHORS["video"][name]()
    frames = np.array(picture(65, 79, 0)).transpose(2, 0, 1)
    clip = torch.from_numpy(np.stack([np.roll(frames, shift, 2) for shift in range(9)]))
    found = [anchor.code(clip, None, setting) for setting in anchor.settings[::3]]
    assert all(decoded.shape == clip.shape for decoded, _ in found)
    bits = [spent for _, spent in found]
    values = [Psnr().measure(Pair(clip, decoded))["psnr"] for decoded, _ in found]
    assert bits == sorted(bits)
    assert values == sorted(values)
    assert values[-1] > 28
    alone = anchor.code(clip[:1], None, anchor.settings[6])[1]
    assert found[2][1] < 0.8 * len(clip) * alone  # frames predict each other


def test_only_notes_are_left_out_of_h264() -> None:
    units = [b"\0\0\0\1\x67set", b"\0\0\1\x06note", b"\0\0\0\1\x06more", b"\0\0\1\x65picture"]
    assert without_notes(b"".join(units)) == units[0] + units[3]


def test_a_pattern_names_the_metrics_of_a_plot() -> None:
    names = ["accuracy_majority", "accuracy_bag", "other"]
    results = [{"qualities": [{"metrics": dict.fromkeys(names)}]}]
    assert chosen_metrics(results, None) == names[:2]
    assert chosen_metrics(results, "*a*y_bag") == ["accuracy_bag"]
    assert chosen_metrics(results, "fid") == ["fid"]
    results[0]["qualities"][0]["metrics"] = {"psnr": None, "ssim": None}
    assert chosen_metrics(results, None) == ["psnr"]


def test_equal_bits_are_read_off_the_front() -> None:
    anchors = [entry(100, 20), entry(400, 30), entry(200, 18), entry(50, 40, "avif")]
    assert [one["rate"]["nominal_bits"] for one in front(anchors[:3], "psnr")] == [100, 400]
    found = at_equal_bits(200, anchors)
    assert found == {"jpeg": {"psnr": pytest.approx(25)}, "avif": {"psnr": None}}
    assert at_equal_bits(99, anchors)["jpeg"]["psnr"] is None
    lower = [{**one, "metrics": {"psnr": one["metrics"]["psnr"] | {"higher_is_better": False}}}
             for one in anchors[:3]]  # fmt: skip
    assert [one["rate"]["nominal_bits"] for one in front(lower, "psnr")] == [100, 200]


def test_one_command_draws_quality_against_bits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = make_tiny_flextok(tmp_path / "model")
    data = picture_folder(tmp_path / "data", 2)
    words = ["eval", str(card), "image_reconstruction", "--data", str(data), "--json"]
    words += ["--option", "steps=1", "--prefix", "1,16", "--metrics", "psnr"]
    words += ["--anchors", "jpeg,webp", "--plot", str(tmp_path / "curve.png")]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert {one["codec"] for one in result["anchors"]} == {"jpeg", "webp"}
    smallest = min(one["rate"]["nominal_bits"] for one in result["anchors"])
    for quality in result["qualities"]:
        assert {*quality["equal_bits"]} == {"jpeg", "webp"}
        if quality["rate"]["nominal_bits"] < smallest:
            assert quality["equal_bits"]["webp"]["psnr"] is None
    with Image.open(tmp_path / "curve.png") as drawn:
        assert min(drawn.size) > 300
        assert len(drawn.convert("RGB").getcolors(1 << 24) or []) > 50
    with pytest.raises(ZooError, match="nothing to draw"):
        draw_curve([result], "fid", tmp_path / "other.png")
    assert math.isfinite(result["qualities"][0]["metrics"]["psnr"]["value"])
