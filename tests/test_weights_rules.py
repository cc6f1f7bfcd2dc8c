"""Rules of key tables: names, several published tensors in one, shapes alone, what a file lacks."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from toy_weights import TABLE, meta, published

from zoo.errors import CheckpointCorruptError
from zoo.weights import SAME, Rule, compare_shapes, fill, read_tensors, rename


def test_rules():
    assert rename("model.blocks.11.fc1.bias", TABLE) == "blocks.11.linear1.bias"
    assert rename("loss.a.b.c", TABLE) is None
    for key in (
        "model.blocks.1.2.fc1.bias",
        "loss",
        "loss.",
        "xmodel.head.bias",
        "model_head_bias",
    ):
        with pytest.raises(KeyError):
            rename(key, TABLE)
    assert rename("a.b.c.d", (Rule("a.{rest*}.d", "x.{rest*}"),)) == "x.b.c"
    assert rename("a.1.b.1", (Rule("a.{i}.b.{i}", "c.{i}"),)) == "c.1"
    with pytest.raises(KeyError):
        rename("a.1.b.2", (Rule("a.{i}.b.{i}", "c.{i}"),))
    first = (Rule("a.special", "b"), Rule("a.{x}", "c.{x}"))
    assert rename("a.special", first) == "b"
    with pytest.raises(ValueError, match="fills"):
        Rule("a.{i}", "b.{j}")
    with pytest.raises(ValueError, match="without a reason"):
        Rule("a", None)


def test_shapes_against_a_recorded_list():
    shapes = {key: list(value.shape) for key, value in published().items()} | {"steps": []}
    table = (*TABLE, *SAME)
    report = compare_shapes(meta(), shapes, table)
    assert report.ok
    assert report.matched == 7
    shapes["model.head.weight"] = [2, 3]
    assert compare_shapes(meta(), shapes, table).shapes == (("head.weight", (3, 2), (2, 3)),)
    del shapes["steps"]
    report = compare_shapes(meta(), shapes, table)
    assert report.missing == ("steps",)
    assert "missing from the file" in str(report)
    shapes["model.head.weight"] = [2, 3, 4]  # .T of three axes warns in torch: told, not raised
    table = (Rule("model.head.weight", "head.weight", change=lambda w: w[0, 0, 0, 0]), *table)
    assert not compare_shapes(meta(), shapes, table).ok


def test_two_published_tensors_make_one(tmp_path):
    table = (
        Rule("{x}.weight_v", "{x}.weight", change=lambda v, g: v * g, beside="{x}.weight_g"),
        Rule("{x}.weight_g", None, why="in weight"),
        Rule("{x}.bias", "{x}.bias"),
    )
    tensors = {
        "a.weight_v": torch.full((2, 3), 3.0, dtype=torch.float16),
        "a.weight_g": torch.tensor([[1.0], [2.0]], dtype=torch.float16),
        "a.bias": torch.zeros(2),
    }
    save_file(tensors, tmp_path / "a.safetensors")
    for source in (tensors, read_tensors(tmp_path / "a.safetensors")):
        module = nn.ModuleDict({"a": nn.Linear(3, 2, device="meta")})
        report = fill(module, [source], table)
        assert report.dropped == (("a.weight_g", "in weight"),)
        assert module["a"].weight.tolist() == [[3.0] * 3, [6.0] * 3]
    assert compare_shapes(module, {k: list(v.shape) for k, v in tensors.items()}, table).ok
    del tensors["a.weight_g"]
    with pytest.raises(CheckpointCorruptError, match=r"missing from the file.*\n.*a\.weight"):
        fill(nn.ModuleDict({"a": nn.Linear(3, 2)}), [tensors], table)
    with pytest.raises(ValueError, match="no change="):
        Rule("a", "b", beside="c")
    with pytest.raises(ValueError, match="fills"):
        Rule("a", "b", change=torch.mul, beside="{x}")


def test_three_published_tensors_make_one():
    table = (
        Rule("q", "weight", change=lambda q, k, v: torch.cat([q, k, v]), beside=("k", "v")),
        Rule("k", None, why="in weight"),
        Rule("v", None, why="in weight"),
    )
    module = nn.Linear(2, 3, bias=False, device="meta")
    fill(
        module,
        [
            {
                "q": torch.full((1, 2), 1.0),
                "k": torch.full((1, 2), 2.0),
                "v": torch.full((1, 2), 3.0),
            }
        ],
        table,
    )
    assert module.weight.tolist() == [[1, 1], [2, 2], [3, 3]]
    with pytest.raises(CheckpointCorruptError, match="missing from the file"):
        fill(module, [{"q": torch.zeros(1, 2), "k": torch.zeros(1, 2)}], table)


def test_what_a_file_may_lack_is_zero_and_told():
    lacking = Rule(None, "{i}.bias", why="began as zero")
    table = (Rule("{i}.{w}", "{i}.{w}"), lacking)
    module = nn.ModuleList([nn.Linear(2, 2, device="meta") for _ in range(2)])
    weights = {"0.weight": torch.ones(2, 2), "0.bias": torch.ones(2), "1.weight": torch.ones(2, 2)}
    report = fill(module, [weights], table, dtype=torch.bfloat16)
    assert report.zeros == (("1.bias", "began as zero"),)
    assert "in no file, zero: 1 (began as zero)" in str(report)
    assert module[0].bias.tolist() == [1, 1]
    assert module[1].bias.tolist() == [0, 0]
    assert module[1].bias.dtype == torch.bfloat16
    del weights["1.weight"]
    with pytest.raises(CheckpointCorruptError, match=r"1\.weight"):
        fill(module, [weights], table)
    with pytest.raises(ValueError, match="nothing else"):
        Rule(None, "a")
