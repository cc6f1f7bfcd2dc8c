"""Layers in pieces, and convolutions with channels innermost: the same numbers, sooner."""

import pytest
import torch
from torch import nn

from zoo.models.layers import pieces
from zoo.models.layers.inner_conv import InnerConv, InnerConvTranspose, few, pays, transposed
from zoo.models.layers.over_time import Layers
from zoo.models.layers.seanet import Seanet, seanet_decoder, seanet_encoder

NET = Seanet(4, (4, 3, 2), 8)


@pytest.mark.parametrize("inputs", [1, 6])
@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 7},
        {"kernel_size": 1, "bias": False},
        {"kernel_size": 4, "stride": 2, "padding": 1},
        {"kernel_size": 3, "dilation": 3, "padding": 3},
        {"kernel_size": 5, "groups": True, "padding": 2},
    ],
)
def test_a_convolution_is_torchs(inputs: int, options: dict):
    torch.manual_seed(0)
    groups = inputs if options.get("groups") else 1
    ours = InnerConv(inputs, 12, **(options | {"groups": groups}))
    theirs = nn.Conv1d(inputs, 12, **(options | {"groups": groups}))
    theirs.load_state_dict(ours.state_dict())
    for time in (9, 400):  # few samples: torch's own way
        x = torch.randn(3, inputs, time)
        assert torch.allclose(ours(x), theirs(x), atol=1e-5)
        assert torch.allclose(ours(x.mT.contiguous().mT), theirs(x), atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 3}, {"stride": 2, "dilation": 3}, {"padding": 2}, {"stride": 4, "padding": 1}],
)
def test_next_to_no_time_is_a_product_with_the_same_numbers(options: dict):
    torch.manual_seed(0)
    ours, theirs = (kind(6, 64, 5, **options) for kind in (InnerConv, nn.Conv1d))
    theirs.load_state_dict(ours.state_dict())
    for time in (13, 15):
        x = torch.randn(2, 6, time)
        assert ours.few_windows(x)
        assert torch.allclose(ours(x), theirs(x), atol=1e-5)
    up = nn.ConvTranspose1d(16, 32, 6, 3, bias=False)
    for time in (1, 2):
        x = torch.randn(2, 16, time)
        assert few(x, up.weight)
        assert torch.allclose(torch.cat(transposed(x, up, None), -1), up(x), atol=1e-5)
    x = torch.randn(2, 16, 100)
    assert pays(x, up.weight)
    assert torch.allclose(torch.cat(transposed(x, up, None), -1), up(x), atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"padding": 1, "output_padding": 1}, {"groups": 6}])
def test_a_transposed_convolution_is_torchs(options: dict):
    torch.manual_seed(0)
    ours, theirs = (
        kind(6, 12, 6, 3, **options) for kind in (InnerConvTranspose, nn.ConvTranspose1d)
    )
    theirs.load_state_dict(ours.state_dict())
    for time in (9, 400):
        x = torch.randn(3, 6, time)
        assert torch.allclose(ours(x), theirs(x), atol=1e-5)


@pytest.mark.parametrize("lengths", [None, (500, 60, 1, 7, 499)])
@pytest.mark.parametrize("most", [40, 130, 1200])
def test_pieces_give_what_all_at_once_gives(monkeypatch, most: int, lengths):
    torch.manual_seed(0)
    encoder, decoder = seanet_encoder(NET, both_ways=True), seanet_decoder(NET)
    sizes = None if lengths is None else torch.tensor(lengths)
    frames = torch.full((5,), 21) if sizes is None else encoder.after(sizes)
    x = torch.randn(5, 1, 500)
    calls = []
    stepped = pieces._stepped
    monkeypatch.setattr(pieces, "_stepped", lambda *a: calls.append(a) or stepped(*a))
    with torch.no_grad():
        latents = encoder(x, sizes)
        sound = decoder(latents, None if sizes is None else frames)
        assert not calls
        monkeypatch.setattr(pieces, "CACHE", most * NET.filters)
        found = encoder(x, sizes)
        back = decoder(latents, None if sizes is None else frames)
        assert bool(calls) == (most < 500)
    for i, n in enumerate(frames.tolist()):
        assert torch.allclose(found[i, :, :n], latents[i, :, :n], atol=1e-5)
        assert torch.allclose(back[i, :, : n * 24], sound[i, :, : n * 24], atol=1e-5)


def test_gradients_flow_through_all_at_once():
    encoder = seanet_encoder(NET)
    encoder(torch.randn(2, 1, 100)).sum().backward()
    assert all(p.grad is not None for p in encoder.parameters())


def test_neighbours_share_a_piece():
    assert [(s.start, s.stop) for s in pieces._groups([3, 3, 4, 9, 1], 8)] == [
        (0, 2),
        (2, 3),
        (3, 4),
        (4, 5),
    ]


def test_layers_know_the_lengths_behind_them():
    layers = Layers(NET.conv(1, 2, 4, 2), NET.act(2), NET.conv(2, 2, 6, 3))
    lengths = torch.tensor([1, 6, 7, 25])
    expected = [layers(torch.zeros(1, 1, n)).shape[-1] for n in lengths.tolist()]
    assert layers.after(lengths).tolist() == expected
