"""Key tables, strict filling, saving."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from zoo.errors import CheckpointCorruptError
from zoo.weights import (
    SAME,
    Rule,
    compare_shapes,
    fill,
    metadata,
    read_tensors,
    rename,
    save_checkpoint,
)

TABLE = (
    Rule("model.blocks.{i}.fc{n}.{w}", "blocks.{i}.linear{n}.{w}"),
    Rule("model.head.weight", "head.weight", change=lambda weight: weight.T),
    Rule("model.head.bias", "head.bias"),
    Rule("loss.{rest*}", None, why="training only"),
)


class Net(nn.Module):
    """Two blocks, a head, a persistent and two fleeting buffers."""

    def __init__(self, wild: bool = False):
        super().__init__()
        self.blocks = nn.ModuleList([nn.ModuleDict({"linear1": nn.Linear(3, 3)}) for _ in range(2)])
        self.head = nn.Linear(3, 2)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("ramp", torch.arange(4.0, device="cpu"), persistent=False)
        if wild:
            self.register_buffer("wild", torch.arange(4.0), persistent=False)


def meta(wild: bool = False) -> Net:
    with torch.device("meta"):
        return Net(wild)


def published() -> dict[str, torch.Tensor]:
    found = {}
    for i in range(2):
        found[f"model.blocks.{i}.fc1.weight"] = torch.full((3, 3), float(i))
        found[f"model.blocks.{i}.fc1.bias"] = torch.zeros(3)
    found["model.head.weight"] = torch.arange(6.0).reshape(3, 2)
    found["model.head.bias"] = torch.ones(2)
    found["loss.disc.weight"] = torch.ones(1)
    return found


STEPS = {"steps": torch.tensor(7)}


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


def test_values_do_not_share_memory_with_the_file(tmp_path):
    save_file({"weight": torch.ones(2, 2), "bias": torch.ones(2)}, tmp_path / "a.safetensors")
    linear = nn.Linear(2, 2, device="meta")
    fill(linear, [read_tensors(tmp_path / "a.safetensors")], SAME)
    with open(tmp_path / "a.safetensors", "r+b") as file:  # damaged while it is loaded
        file.truncate(10)
    assert torch.equal(linear(torch.ones(1, 2)), torch.full((1, 2), 3.0))


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


def test_saving_and_loading_again(tmp_path):
    net = Net()
    path = tmp_path / "toy.safetensors"
    save_checkpoint(net, path, {"space": "toy/1"})
    assert metadata(path) == {"format": "pt", "space": "toy/1"}
    again = meta()
    fill(again, [read_tensors(path)], SAME)
    for key, value in net.state_dict().items():
        assert torch.equal(value, again.state_dict()[key])
    size = path.stat().st_size
    save_checkpoint(net, path, {}, dtype=torch.float16)
    assert path.stat().st_size < size
    assert read_tensors(path)["steps"].dtype == torch.int64
    fill(again, [read_tensors(path)], SAME)
    assert again.head.weight.dtype == torch.float32
    with pytest.raises(CheckpointCorruptError, match="meta device"):
        save_checkpoint(meta(), path, {})
    with torch.no_grad():
        net.head.bias += 1e6
    save_checkpoint(net, path, {})
    with pytest.raises(CheckpointCorruptError, match="infinite in float16: head.bias"):
        save_checkpoint(net, path, {}, dtype=torch.float16)
    assert torch.equal(read_tensors(path)["head.bias"], net.head.bias)  # the old file is whole
    assert [file.name for file in tmp_path.iterdir()] == ["toy.safetensors"]


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
