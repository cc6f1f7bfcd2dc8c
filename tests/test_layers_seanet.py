"""SEANet's layers: padding, lengths, gradients, shapes."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from zoo.models.layers.ends import reflect_each, reflected, repeat_each
from zoo.models.layers.lstm import SkipLstm
from zoo.models.layers.over_time import Layers
from zoo.models.layers.seanet import Residual, Seanet, seanet_decoder, seanet_encoder
from zoo.models.layers.seanet_conv import SeanetConv, SeanetUp

LENGTHS = (37, 1, 2, 5, 23, 36)


def batch(width: int, lengths: tuple[int, ...], seed: int = 0) -> tuple[Tensor, Tensor]:
    """Items one above the other, and rubbish beyond their ends."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(len(lengths), width, max(lengths), generator=random), torch.tensor(lengths)


def alone(layer: torch.nn.Module, x: Tensor, lengths: Tensor) -> list[Tensor]:
    return [layer(item[None, :, :length]) for item, length in zip(x, lengths, strict=True)]


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize(("before", "end"), [(3, 3), (6, 0), (0, 5), (4, 7)])
def test_reflection_of_anything_is_that_of_zeros_behind_it(length: int, before: int, end: int):
    x = torch.arange(1.0, 1 + length)[None, None]
    found = reflected(x, before, end)
    assert found.shape[-1] == before + length + end
    long = F.pad(x, (0, 20))
    mirror = F.pad(long[..., : max(length, max(before, end) + 1)], (before, end), mode="reflect")
    assert torch.equal(found, mirror[..., : before + length + end])


@pytest.mark.parametrize(("before", "end"), [(3, 3), (6, 0), (0, 5), (4, 7)])
def test_each_item_is_mirrored_at_its_own_ends(before: int, end: int):
    x, lengths = batch(2, LENGTHS)
    ends = torch.tensor([end, 0, end, end + 2, max(end - 1, 0), end])
    padded = reflect_each(F.pad(x, (before, end + 2)), before, lengths, ends)
    for item, length, own, one in zip(padded, lengths, ends, x, strict=True):
        expected = reflected(one[None, :, :length], before, int(own))
        assert torch.equal(item[None, :, : before + length + own], expected)


def test_items_shorter_than_their_mirror_fit_a_short_batch():
    x, lengths = batch(2, (1, 2))
    padded = reflect_each(F.pad(x, (6, 0)), 6, lengths, torch.tensor([0, 0]))
    for item, length, one in zip(padded, lengths, x, strict=True):
        assert torch.equal(item[None, :, : 6 + length], reflected(one[None, :, :length], 6, 0))


def test_each_item_is_continued_by_its_own_ends():
    x, lengths = batch(2, LENGTHS)
    padded = repeat_each(F.pad(x, (5, 6)), 5, lengths, 6)
    for item, length, one in zip(padded, lengths, x, strict=True):
        expected = F.pad(one[None, :, :length], (5, 6), mode="replicate")
        assert torch.equal(item[None, :, : length + 11], expected)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mode", ["reflect", "zeros"])
@pytest.mark.parametrize(
    ("kernel", "stride", "dilation"), [(7, 1, 1), (3, 1, 4), (1, 1, 1), (10, 5, 1), (8, 4, 1)]
)
def test_a_convolution_keeps_items_apart(causal, mode, kernel, stride, dilation):
    torch.manual_seed(0)
    layer = SeanetConv(2, 3, kernel, stride, dilation, causal=causal, mode=mode)
    x, lengths = batch(2, LENGTHS)
    together, after = layer(x, lengths), layer.after(lengths)
    assert after.tolist() == [-(-length // stride) for length in LENGTHS]
    for item, length, one in zip(together, after, alone(layer, x, lengths), strict=True):
        assert one.shape == (1, 3, length)
        assert torch.allclose(item[:, :length], one[0], atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("stride", [2, 5])
def test_a_transposed_convolution_keeps_items_apart(causal: bool, stride: int):
    torch.manual_seed(0)
    layer = SeanetUp(2, 3, stride, causal=causal)
    x, lengths = batch(2, LENGTHS)
    together, after = layer(x, lengths), layer.after(lengths)
    for item, length, one in zip(together, after, alone(layer, x, lengths), strict=True):
        assert one.shape == (1, 3, length)
        assert torch.allclose(item[:, :length], one[0], atol=1e-6)


@pytest.mark.parametrize("both_ways", [False, True])
def test_an_lstm_keeps_items_apart(both_ways: bool):
    torch.manual_seed(0)
    layer = SkipLstm(4, both_ways=both_ways)
    x, lengths = batch(4, LENGTHS)
    together = layer(x, lengths)
    for item, length, one in zip(together, lengths, alone(layer, x, lengths), strict=True):
        assert torch.allclose(item[:, :length], one[0], atol=1e-6)


NETS = {
    "speech": Seanet(4, (4, 3, 2), 8),
    "snake": Seanet(4, (3, 2), 8, activation="snake", lstm=1),
    "causal": Seanet(4, (3, 2), 8, causal=True, padding="zeros", lstm=0, conv_shortcut=False),
    "mirrored": Seanet(4, (3, 2), 8, causal=True),
    "deep": Seanet(4, (2, 2), 8, residuals=3, channels=2, compress=1),
}


@pytest.mark.parametrize("name", NETS)
def test_networks_keep_items_apart_and_lengths(name: str):
    torch.manual_seed(0)
    net, lengths = NETS[name], (100, 1, 25, 50, 7)
    both_ways = name == "speech"
    encoder, decoder = seanet_encoder(net, both_ways=both_ways), seanet_decoder(net)
    x, sizes = batch(net.channels, lengths)
    frames = -(-sizes // net.hop)
    latents = encoder(x, sizes)
    sound = decoder(latents, frames)
    assert sound.shape == (5, net.channels, latents.shape[-1] * net.hop)
    for i, one in enumerate(alone(encoder, x, sizes)):
        assert one.shape == (1, net.width, frames[i])
        assert torch.allclose(latents[i, :, : frames[i]], one[0], atol=1e-5)
        back = decoder(one)
        assert back.shape == (1, net.channels, frames[i] * net.hop)
        assert torch.allclose(sound[i, :, : back.shape[-1]], back[0], atol=1e-5)


def test_a_causal_network_does_not_look_ahead():
    torch.manual_seed(0)
    encoder, decoder = seanet_encoder(NETS["causal"]), seanet_decoder(NETS["causal"])
    x = torch.randn(1, 1, 60)
    latents = encoder(x)
    assert torch.allclose(encoder(x[..., :36]), latents[..., :6], atol=1e-6)
    assert torch.allclose(decoder(latents[..., :6]), decoder(latents)[..., :36], atol=1e-6)


def test_in_place_steps_keep_gradients_right():
    torch.manual_seed(0)
    net = Seanet(2, (2,), 2, lstm=0)
    layers = Layers(net.conv(2, 2, 3), Residual(net, 2, 1), net.act(2), SeanetUp(2, 1, 2)).double()
    x = torch.randn(1, 2, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layers, x)


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match="mode='mirror'"):
        SeanetConv(1, 1, 3, mode="mirror")
    with pytest.raises(ValueError, match="misses samples"):
        SeanetConv(1, 1, 2, 4)
    with pytest.raises(ValueError, match="activation='relu'"):
        seanet_encoder(Seanet(2, (2,), 2, activation="relu"))


def in_steps(layers: Layers, x: Tensor, sizes: list[int]) -> tuple[Tensor, list[int]]:
    """The steps' outputs together, and how much each gave."""
    memory, found, start = {}, [], 0
    for number, size in enumerate(sizes):
        last = number == len(sizes) - 1
        found.append(layers.step(x[..., start : start + size], memory, last))
        start += size
    assert start == x.shape[-1]
    return torch.cat(found, dim=-1), [one.shape[-1] for one in found]


def cuts(length: int, size: int) -> list[int]:
    """Pieces of one size, a shorter one, and an empty one at the end."""
    return [size] * (length // size) + [length % size, 0]


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("length", [1, 2, 5, 6, 7, 24, 47, 150])
def test_networks_go_on_piece_by_piece(name: str, length: int):
    torch.manual_seed(0)
    net = NETS[name]
    encoder, decoder = seanet_encoder(net), seanet_decoder(net)
    x = torch.randn(2, net.channels, length)
    latents, sound = encoder(x), decoder(encoder(x))
    for size in {1, 2, 7, 13, length}:
        found, _ = in_steps(encoder, x, cuts(length, size))
        assert torch.allclose(found, latents, atol=1e-5)
        back, _ = in_steps(decoder, latents, cuts(latents.shape[-1], size))
        assert torch.allclose(back, sound, atol=1e-5)


def test_causal_networks_give_what_they_can():
    for name in ("causal", "mirrored"):
        net = NETS[name]
        encoder, decoder = seanet_encoder(net), seanet_decoder(net)
        latents, counts = in_steps(encoder, torch.randn(1, 1, 120), [6] * 20 + [0])
        _, samples = in_steps(decoder, latents, [1] * 20 + [0])
        wait = 0 if name == "causal" else 6  # the last convolution's mirror, of kernel 7
        assert counts == [0] * wait + [wait + 1] + [1] * (19 - wait) + [0]
        assert samples[8:] == [6] * 12 + [0]
        assert sum(samples[:8]) == 48


def test_what_needs_the_whole_sound_says_so():
    both = seanet_encoder(NETS["speech"], both_ways=True)
    normed = seanet_encoder(Seanet(4, (3, 2), 8, norm=True))
    for net in (both, normed):
        with pytest.raises(NotImplementedError, match="whole sound"):
            net.step(torch.randn(1, 1, 100), {})
