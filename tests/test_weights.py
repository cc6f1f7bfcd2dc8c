"""Filling a model strictly: all that does not fit is told, and nothing half-filled."""

import pytest
import torch
from torch import nn
from toy_weights import STEPS, TABLE, Net, meta, published

from zoo.errors import CheckpointCorruptError
from zoo.weights import SAME, fill


def test_fill():
    net = meta()
    report = fill(net, [published(), STEPS], [TABLE, SAME])
    assert report.ok
    assert report.dropped == (("loss.disc.weight", "training only"),)
    assert torch.equal(net.head.weight, torch.arange(6.0).reshape(3, 2).T)
    assert net.head.weight.is_contiguous()
    assert net.head.weight.requires_grad
    assert net.get_buffer("steps") == 7
    assert torch.equal(net.get_buffer("ramp"), torch.arange(4.0))
    one = {**published(), **STEPS}
    assert fill(meta(), [one], (*TABLE, *SAME)).matched == 7


def test_half_precision_is_widened_and_asked_for():
    half = {key: value.half() for key, value in published().items()}
    net = meta()
    fill(net, [half, STEPS], [TABLE, SAME])
    assert net.head.weight.dtype == torch.float32
    fill(net, [published(), STEPS], [TABLE, SAME], dtype=torch.bfloat16)
    assert net.head.weight.dtype == torch.bfloat16
    assert net.get_buffer("steps").dtype == torch.int64


def test_everything_that_does_not_fit_is_told_at_once():
    given = published()
    del given["model.blocks.0.fc1.weight"], given["model.blocks.0.fc1.bias"]
    given["model.head.bias"] = torch.ones(3)
    given["surprise.x"] = given["surprise.y"] = torch.ones(1)
    given["model.blocks.7.fc1.bias"] = torch.ones(1)
    net = Net()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(CheckpointCorruptError) as caught:
        fill(net, [given, STEPS], [TABLE, SAME], where="toy-a (toy.pt)")
    text = str(caught.value)
    assert text.startswith("toy-a (toy.pt) does not fit the model, which was left as it was:\n")
    assert "missing from the file: 2 (blocks.0.linear1 2)\n    blocks.0.linear1.weight" in text
    assert "without a place in the model: 3 (surprise 2, model 1)" in text
    assert "model.blocks.7.fc1.bias (ours: blocks.7.linear1.bias)" in text
    assert "head.bias: [3] in the file, [2] in the model" in text
    assert "left out on purpose: 1 (training only)" in text
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key])


def test_long_lists_are_cut():
    given = {f"x.{i}": torch.ones(1) for i in range(20)}
    with pytest.raises(CheckpointCorruptError, match=r"\.\.\. and 15 more"):
        fill(nn.Linear(1, 1), [given], SAME)


def test_values_that_are_not_numbers():
    bad = published()
    bad["model.head.bias"][1] = torch.nan
    net = meta()
    with pytest.raises(CheckpointCorruptError, match=r"NaN or infinite: 1 \(head.bias 1\)"):
        fill(net, [bad, STEPS], [TABLE, SAME])
    assert net.head.bias.is_meta
    large = published()
    large["model.head.bias"] += 1e6
    with pytest.raises(CheckpointCorruptError, match="NaN or infinite"):
        fill(net, [large, STEPS], [TABLE, SAME], dtype=torch.float16)
    masked = nn.Module()
    masked.register_buffer("mask", torch.zeros(2))
    fill(masked, [{"mask": torch.tensor([0.0, -torch.inf])}], SAME)
    with pytest.raises(CheckpointCorruptError, match="NaN"):
        fill(masked, [{"mask": torch.tensor([0.0, torch.nan])}], SAME)


def test_other_kinds_of_numbers():
    with pytest.raises(
        CheckpointCorruptError, match="steps: float32 in the file, int64 in the mod"
    ):
        fill(meta(), [published(), {"steps": torch.tensor(1.0)}], [TABLE, SAME])


def test_two_sources_for_one_tensor():
    with pytest.raises(CheckpointCorruptError, match=r"more than one source: 1 \(steps 1\)"):
        fill(meta(), [published(), STEPS, STEPS], [TABLE, SAME, SAME])
    with pytest.raises(ValueError, match="2 key tables for 1 sources"):
        fill(meta(), [published()], [TABLE, SAME])


def test_fleeting_buffers_must_not_stay_on_meta():
    net = meta(wild=True)
    with pytest.raises(CheckpointCorruptError, match=r"(?s)still on the meta device\): 1.*wild"):
        fill(net, [published(), STEPS], [TABLE, SAME])
    assert net.head.weight.is_meta


def test_absent_and_wanted():
    net = Net()
    fill(net, [published()], [TABLE], absent_ok={"steps"})
    assert net.get_buffer("steps") == 0
    with pytest.raises(CheckpointCorruptError, match="(?s)meta device.*steps"):
        fill(meta(), [published()], [TABLE], absent_ok={"steps"})
    head = nn.ModuleDict({"head": nn.Linear(3, 2, device="meta")})
    fill(head, [published()], [TABLE], wanted=("head.",))
    with pytest.raises(CheckpointCorruptError, match="without a place"):
        fill(head, [published()], [TABLE])
