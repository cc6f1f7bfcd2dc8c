"""Layers over the little sound of one step: the same numbers as torch's own, in other products."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from zoo.models.layers import windows
from zoo.models.layers.few_rows import times, times_turned
from zoo.models.layers.inner_conv import InnerConv
from zoo.models.layers.streaming import apart, whole_strides
from zoo.models.layers.windows import Windows, over_windows


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(("inputs", "outputs"), [(48, 128), (1600, 64), (3200, 64), (3200, 50)])
def test_few_rows_times_a_weight_is_a_linear_layer(count: int, inputs: int, outputs: int):
    torch.manual_seed(0)
    weight, bias = torch.randn(outputs, inputs) / inputs**0.5, torch.randn(outputs)
    rows = torch.randn(count, inputs)
    for given in (rows, rows.T.contiguous().T):
        for added in (None, bias):
            wanted = F.linear(rows, weight, added)
            assert torch.allclose(times(given, weight, added), wanted, atol=1e-5)
    turned = weight.T.contiguous()
    assert torch.allclose(times_turned(rows, turned), rows @ turned, atol=1e-5)
    assert torch.allclose(times_turned(rows.T.contiguous().T, turned), rows @ turned, atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"stride": 3}, {"dilation": 2}, {"bias": False}])
@pytest.mark.parametrize("kernel", [1, 4])
def test_windows_times_a_weight_are_a_convolution(monkeypatch, kernel: int, options: dict):
    torch.manual_seed(0)
    conv = InnerConv(6, 10, kernel, **options)
    found = over_windows(conv)
    assert isinstance(found, Windows)
    for items in (1, 3):
        x = torch.randn(items, 30, 6).mT[..., 3:]
        wanted = F.conv1d(x, conv.weight, conv.bias, conv.stride, 0, conv.dilation)
        assert torch.allclose(found(x), wanted, atol=1e-5)
        assert torch.allclose(found(x.contiguous()), wanted, atol=1e-5)
    monkeypatch.setattr(windows, "LITTLE", 10)
    monkeypatch.setattr(found, "weight", None)
    assert torch.allclose(found(x), wanted, atol=1e-5)
    assert found.weight is None  # so much sound is left to the convolution


def test_what_has_no_windows_stays_a_convolution():
    grouped, padded = nn.Conv1d(4, 4, 3, groups=2), nn.Conv1d(4, 4, 3, padding=1)
    normed = weight_norm(nn.Conv1d(4, 4, 3))
    for conv in (grouped, padded, normed, nn.Conv1d(600, 600, 1)):
        assert over_windows(conv) is conv


def test_whole_strides_wait_for_one_another_but_not_beyond_the_end():
    x, memory, key = torch.arange(7.0).view(1, 1, 7), {}, nn.Identity()
    sizes = [0, 1, 1, 3, 0, 2]
    found = [whole_strides(key, piece, memory, False, 2) for piece in x.split(sizes, dim=-1)]
    found.append(whole_strides(key, x[..., :0], memory, True, 2))
    assert [one.shape[-1] for one in found] == [0, 0, 2, 2, 0, 2, 1]
    assert torch.equal(torch.cat(found, dim=-1), x)


def test_what_is_kept_of_a_large_piece_does_not_keep_the_piece() -> None:
    piece = torch.randn(2, 4, 100)
    little, much = apart(piece[..., 90:], piece), apart(piece[..., 40:], piece)
    assert torch.equal(little, piece[..., 90:])
    assert little.untyped_storage().nbytes() == little.numel() * 4
    assert much.untyped_storage().data_ptr() == piece.untyped_storage().data_ptr()
