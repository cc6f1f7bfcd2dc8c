"""Files of weights: saved, loaded again, and independent of the model they filled."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from toy_weights import Net, meta

from zoo.errors import CheckpointCorruptError
from zoo.weights import SAME, fill, metadata, read_tensors, save_checkpoint


def test_values_do_not_share_memory_with_the_file(tmp_path):
    save_file({"weight": torch.ones(2, 2), "bias": torch.ones(2)}, tmp_path / "a.safetensors")
    linear = nn.Linear(2, 2, device="meta")
    fill(linear, [read_tensors(tmp_path / "a.safetensors")], SAME)
    with open(tmp_path / "a.safetensors", "r+b") as file:  # damaged while it is loaded
        file.truncate(10)
    assert torch.equal(linear(torch.ones(1, 2)), torch.full((1, 2), 3.0))


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
    expected = net.head.bias.clone()
    for bad in (float("nan"), float("inf")):
        with torch.no_grad():
            net.head.bias[0] = bad
        for dtype in (None, torch.float16):
            with pytest.raises(CheckpointCorruptError, match="NaN or infinite: head.bias"):
                save_checkpoint(net, path, {}, dtype=dtype)
    assert torch.equal(read_tensors(path)["head.bias"], expected)  # the old file is whole
    assert [file.name for file in tmp_path.iterdir()] == ["toy.safetensors"]


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_what_a_dtype_holds_badly_stays_as_it_is(size: float, tmp_path):
    net = Net()
    with torch.no_grad():
        net.head.weight.copy_(torch.randn(net.head.weight.shape) * size)
    path = tmp_path / "toy.safetensors"
    save_checkpoint(net, path, {}, dtype=torch.float16)
    stored = read_tensors(path)
    assert torch.equal(stored["head.weight"], net.head.weight)
    assert stored["head.bias"].dtype == torch.float16
    save_checkpoint(net, path, {}, dtype=torch.bfloat16)  # of fp32's range
    assert read_tensors(path)["head.weight"].dtype == torch.bfloat16
