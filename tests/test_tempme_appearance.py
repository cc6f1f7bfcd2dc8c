"""Moments of groups: what they keep of the pixels, and how networks begin."""

from functools import partial

import torch

from zoo.models.tempme.appearance import (
    STEADY,
    from_patches,
    group_moments,
    group_offsets,
    render,
    to_patches,
)
from zoo.models.tempme.appearance_codec import AppearanceCodec, mean_frames
from zoo.models.tempme.config import AppearanceConfig, CodebookConfig, PixelNetworks, TrunkConfig
from zoo.models.tempme.source_map import canonical, group_mean
from zoo.models.tempme.start import start_from_moments

TRUNK = TrunkConfig(image_size=12, patch=4, width=16, depth=1, heads=2, hidden=16)
NETWORKS = PixelNetworks(8, 16, 2, 1, 1, 8, 1, 4, 1)
GROUPS = 7


def some_map(items: int = 2, seed: int = 0) -> torch.Tensor:
    """[item, 4, 3, 3] with every label in use."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.stack(
        [
            torch.cat([torch.arange(GROUPS), torch.randint(GROUPS, (29,), generator=random)])[
                torch.randperm(36, generator=random)
            ]
            for _ in range(items)
        ]
    )
    return canonical(labels.view(items, 4, 3, 3), GROUPS)[0]


def frames(items: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.rand(items, 4, 3, 12, 12, generator=torch.Generator().manual_seed(seed))


def test_patches_come_back() -> None:
    video = frames()
    patches = to_patches(video, 4)
    assert patches.shape == (2, 4, 3, 3, 48)
    assert torch.equal(patches[1, 2, 0, 1], video[1, 2, :, :4, 4:8].flatten())
    assert torch.equal(from_patches(patches, 4), video)


def test_offsets_are_whitened_in_each_group() -> None:
    source = some_map()
    offsets = group_offsets(source, GROUPS)
    assert group_mean(offsets, source, GROUPS).abs().max() < 1e-5
    spread = group_mean(
        (offsets[..., :, None] * offsets[..., None, :]).flatten(-2), source, GROUPS
    ).unflatten(-1, (3, 3))
    largest = torch.linalg.eigvalsh(spread)
    assert largest.max() <= 1 + 1e-5
    assert largest.min() >= -1e-5
    lone = torch.arange(36).view(1, 4, 3, 3)
    assert not group_offsets(lone, 36).any()


def test_changes_catch_what_is_linear_in_place() -> None:
    source = torch.zeros(1, 4, 3, 3, dtype=torch.long)
    t, y, x = torch.meshgrid(torch.arange(4), torch.arange(3), torch.arange(3), indexing="ij")
    patches = torch.stack([0.1 * x - 0.2 * y, 0.3 * t + 0.05 * x], dim=-1)[None]
    offsets = group_offsets(source, 1)
    moments = group_moments(patches, source, 1, offsets)
    assert moments.shape == (1, 1, 8)
    rest = (render(moments, source, offsets) - patches).abs().max()
    mean = (patches - patches.mean((1, 2, 3), keepdim=True)).abs().max()
    assert rest < STEADY * 2 * mean  # but for what keeps the spread steady


def test_changes_never_lose_against_the_mean() -> None:
    source, patches = some_map(), to_patches(frames(), 4)
    offsets = group_offsets(source, GROUPS)
    both = render(group_moments(patches, source, GROUPS, offsets), source, offsets)
    mean = render(group_moments(patches, source, GROUPS, None), source, None)
    assert (both - patches).square().mean() < (mean - patches).square().mean()


def test_without_networks_codes_are_the_moments() -> None:
    video, source = frames(), some_map()
    codec = AppearanceCodec(AppearanceConfig(CodebookConfig(2, 5), changes=False), TRUNK, 4)
    assert codec.encoder is None
    assert codec.decoder is None
    moments = codec.moments(video, source, GROUPS)
    shown = codec.frames(codec.vectors(moments, torch.zeros(2, GROUPS, 16), source), source)
    assert torch.allclose(shown, mean_frames(video, source, GROUPS, 4), atol=1e-6)
    constant = torch.full_like(video, 0.3)
    assert torch.allclose(mean_frames(constant, source, GROUPS, 4), constant, atol=1e-6)


def test_networks_begin_as_the_best_linear_codec() -> None:
    video, source = frames(), some_map()
    codec = AppearanceCodec(AppearanceConfig(CodebookConfig(2, 5), True, NETWORKS), TRUNK, 4)
    moments = codec.moments(video, source, GROUPS)
    sizes = torch.ones(2 * GROUPS)
    start_from_moments(codec, moments.flatten(0, 1), sizes, torch.Generator().manual_seed(0))
    vectors = codec.vectors(moments, torch.randn(2, GROUPS, 16), source)
    rest = moments.flatten(0, 1) - moments.flatten(0, 1).mean(0)
    axes = torch.linalg.svd(rest)[2][: NETWORKS.dim]
    best = rest @ axes.T @ axes + moments.flatten(0, 1).mean(0)
    offsets = codec.offsets(source, GROUPS)
    expected = from_patches(render(best.view_as(moments), source, offsets), 4) + 0.5
    assert torch.allclose(codec.frames(vectors, source), expected, atol=1e-4)


def test_every_weight_of_the_networks_matters() -> None:
    torch.manual_seed(0)
    codec = AppearanceCodec(AppearanceConfig(CodebookConfig(2, 5), True, NETWORKS), TRUNK, 4)
    for parameter in codec.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    source = some_map()
    vectors = codec.vectors(
        codec.moments(frames(), source, GROUPS), torch.randn(2, GROUPS, 16), source
    )
    named = codec.codebook.vectors(codec.codebook.ids(vectors))
    loss = codec.frames(vectors + named, source).square().sum()
    loss.backward()
    for name, parameter in codec.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_an_items_frames_do_not_depend_on_its_neighbours() -> None:
    torch.manual_seed(0)
    codec = AppearanceCodec(AppearanceConfig(CodebookConfig(2, 5), True, NETWORKS), TRUNK, 4)
    for parameter in codec.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    codes, source = torch.randn(2, GROUPS, 8), some_map()
    both = codec.frames(codes, source)
    near = partial(torch.allclose, atol=1e-5)
    assert near(both[:1], codec.frames(codes[:1], source[:1]))
    assert near(both[1:], codec.frames(codes[1:], source[1:]))
