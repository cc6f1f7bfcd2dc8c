"""Sounds of different lengths in one batch: what the engine and the layers promise."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from zoo.engine.batching import grouped_by_length, padded
from zoo.engine.noise import Noise
from zoo.errors import NotSupportedError
from zoo.models.layers.ragged import lengths_at, out_length, ragged, respect_lengths


def network(heeding: bool = True) -> nn.Sequential:
    """Zero padding, odd and even strides, a dilation; every layer has a bias."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv1d(2, 4, 7, padding=3),
        nn.ELU(),
        nn.Conv1d(4, 6, 10, 5, padding=3),
        nn.Conv1d(6, 6, 7, dilation=3, padding=9),
        nn.ConvTranspose1d(6, 4, 10, 5, padding=3, output_padding=1),
        nn.ConvTranspose1d(4, 3, 4, 2, padding=1),
        nn.Conv1d(3, 1, 3, padding=1),
    )
    if heeding:
        respect_lengths(net)
    return net


def test_each_item_is_as_if_alone():
    net, lengths = network(), [40, 5, 200, 35]
    items = [torch.randn(2, n) for n in lengths]
    batch = padded(items)
    assert batch.shape == (4, 2, 200)
    with torch.no_grad():
        with ragged(torch.tensor(lengths), 200):
            together = net(batch.clone())
            ends = lengths_at(together.shape[-1])
        alone = [net(item[None])[0] for item in items]
        careless = net(batch)
    assert ends == [one.shape[-1] for one in alone]
    for i, one in enumerate(alone):
        assert torch.allclose(together[i, :, : one.shape[-1]], one, atol=1e-6)
    assert not torch.allclose(careless[0, :, : ends[0]], alone[0], atol=1e-3)


def test_sizes_are_those_of_torch():
    for layer in network():
        if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
            for n in (10, 11, 12, 13, 14):
                x = torch.zeros(1, layer.in_channels, n)
                assert layer(x).shape[-1] == out_length(layer, n)


def test_gradients_leave_the_input_alone():
    net = network()
    x = torch.randn(2, 2, 40, requires_grad=True)
    with ragged([40, 5], 40):
        net(x * 1.0).sum().backward()
    assert x.grad is not None
    assert not bool(x.grad[1, :, 5:].any())
    assert bool(x.grad[1, :, :5].any())


def test_full_batches_and_calls_outside_are_untouched():
    net, x = network(), torch.randn(2, 2, 40)
    plain = network(heeding=False)(x)
    assert torch.equal(net(x), plain)
    with ragged([40, 40], 40):
        assert torch.equal(net(x), plain)
        assert lengths_at(40) is None


def test_batches_go_from_short_to_long_and_hold_little_padding():
    lengths = [5, 1000, 1, 900, 2, 1000, 6]
    found = list(grouped_by_length("aaaaaab", lengths, None))
    assert sorted(i for batch in found for i in batch) == list(range(7))
    for batch in found:
        own = [lengths[i] for i in batch]
        assert own == sorted(own)
        assert max(own) * len(own) <= 2 * sum(own)
    assert [6] in found
    (first, second, *_) = grouped_by_length("aaaaaa", lengths[:6], 4)
    assert ([lengths[i] for i in first], len(second)) == ([1, 2, 5, 900], 2)
    assert [len(b) for b in grouped_by_length("a" * 40, [7] * 40, None)] == [16, 16, 8]
    assert all(a < b for batch in grouped_by_length("aaa", [7] * 3, 3) for a, b in pairwise(batch))
    with pytest.raises(NotSupportedError, match="batch_size"):
        list(grouped_by_length("a", [1], 0))


def test_noise_of_different_lengths_is_the_items_own():
    alone = [Noise([seed]).normal((n,), torch.device("cpu"))[0] for seed, n in ((5, 3), (6, 9))]
    drawn = Noise([5, 6]).normal_each([3, 9], torch.device("cpu"))
    assert torch.equal(drawn[0, :3], alone[0])
    assert torch.equal(drawn[1], alone[1])
    given = torch.randn(2, 12)
    assert torch.equal(Noise([0, 0], given).normal_each([3, 9], torch.device("cpu")), given[:, :9])
