"""What merging promises, whatever the video: the map alone says sizes and un-merging."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from zoo.errors import CardError
from zoo.models.tempme.config import MergingConfig, TrunkConfig
from zoo.models.tempme.encoder import MergedVideo, MergingEncoder
from zoo.models.tempme.merge import match, merge
from zoo.models.tempme.schedule import group_count, schedule
from zoo.models.tempme.source_map import canonical, group_mean, group_sizes, unmerge

TRUNK = TrunkConfig(image_size=32, patch=8, width=32, depth=4, heads=2, hidden=64)
OFFICIAL = MergingConfig(
    frames=12,
    per_frame=2,
    join_blocks=(8, 9, 10),
    joins=(2, 2, 3),
    cross_percent=30,
    intra_percent=10,
)
SMALL = MergingConfig(
    frames=8, per_frame=1, join_blocks=(1, 3), joins=(2, 2), cross_percent=30, intra_percent=10
)  # ends with two clips


def build(merging: MergingConfig = SMALL, seed: int = 0) -> MergingEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = MergingEncoder(TRUNK, merging).eval()
        for block in encoder.blocks:
            if block.step.joins > 1:
                torch.nn.init.normal_(block.clip_positions)
    return encoder.requires_grad_(False)


def videos(count: int = 2, frames: int = 8, seed: int = 1) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(count, frames, 3, 32, 32, generator=random)


@pytest.fixture(scope="module")
def encoded() -> MergedVideo:
    return build()(videos())


@pytest.mark.parametrize(
    ("patches", "tokens"),
    [
        (49, [48, 46, 44, 42, 40, 38, 36, 34, 44, 56, 107, 97]),
        (196, [195, 193, 191, 189, 187, 185, 183, 181, 229, 289, 547, 493]),
    ],
)
def test_the_official_schedules_are_the_published_ones(patches: int, tokens: list[int]) -> None:
    steps = schedule(OFFICIAL, patches, depth=12)
    assert [step.tokens for step in steps] == tokens
    assert group_count(steps) == tokens[-1] - 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": 10}, "no multiple"),
        ({"join_blocks": (9, 8, 10)}, "rising"),
        ({"join_blocks": (8, 9, 12)}, "below 12"),
        ({"join_blocks": (), "joins": ()}, "rising"),
        ({"joins": (2, 2)}, "one above 1"),
        ({"joins": (2, 1, 3)}, "one above 1"),
        ({"per_frame": 20}, "patches to merge"),
    ],
)
def test_an_impossible_schedule_is_refused(change: dict, message: str) -> None:
    with pytest.raises(CardError, match=message):
        schedule(replace(OFFICIAL, **change), 49, depth=12)


def test_labels_are_used_and_canonical(encoded: MergedVideo) -> None:
    groups = encoded.tokens.shape[1]
    for source in encoded.source.flatten(1):
        first_seen = list(dict.fromkeys(source.tolist()))
        assert first_seen == list(range(groups))


def test_sizes_are_counts(encoded: MergedVideo) -> None:
    for source, sizes in zip(encoded.source, encoded.sizes, strict=True):
        assert torch.equal(source.flatten().bincount(), sizes)
    assert encoded.sizes.sum(1).tolist() == [8 * 16] * 2
    assert encoded.sizes.max() > 1


def test_unmerging_loses_nothing(encoded: MergedVideo) -> None:
    grid = unmerge(encoded.tokens, encoded.source)
    assert grid.shape == (2, 8, 4, 4, 32)
    assert torch.equal(group_mean(grid, encoded.source, encoded.tokens.shape[1]), encoded.tokens)


def test_names_of_groups_do_not_matter(encoded: MergedVideo) -> None:
    groups = encoded.tokens.shape[1]
    shuffle = torch.stack(
        [torch.randperm(groups, generator=torch.Generator().manual_seed(i)) for i in range(2)]
    )
    renamed = shuffle.argsort(1).gather(1, encoded.source.flatten(1)).view_as(encoded.source)
    tokens = encoded.tokens.gather(1, shuffle[..., None].expand_as(encoded.tokens))
    assert torch.equal(unmerge(tokens, renamed), unmerge(encoded.tokens, encoded.source))
    source, order = canonical(renamed, groups)
    assert torch.equal(source, encoded.source)
    assert torch.equal(tokens.gather(1, order[..., None].expand_as(tokens)), encoded.tokens)


def test_groups_stay_inside_their_clip(encoded: MergedVideo) -> None:
    for source in encoded.source:
        assert not set(source[:4].flatten().tolist()) & set(source[4:].flatten().tolist())


def test_ties_go_to_the_earlier_token() -> None:
    metric = torch.ones(3, 9, 4)
    for classes in (1, 2):
        found = match(metric, classes, 2)
        assert found.moved.tolist() == [[0, 1]] * 3
        assert found.into.tolist() == [[0, 0]] * 3
    still = build()(torch.zeros(2, 8, 3, 32, 32))  # every patch is alike in every frame
    again = build()(torch.zeros(1, 8, 3, 32, 32))
    assert torch.equal(still.source[0], still.source[1])
    assert torch.equal(still.source[:1], again.source)


def test_nothing_is_ever_not_a_number() -> None:
    found = match(torch.zeros(1, 9, 4), 1, 2)  # zero-length keys, which upstream divides by
    tokens, _ = merge(torch.zeros(1, 9, 4), None, 1, found)
    assert not tokens.isnan().any()


def test_a_mean_counts_every_patch_once() -> None:
    random = torch.Generator().manual_seed(0)
    tokens = torch.randn(2, 11, 5, generator=random)
    patches, sizes, source = tokens, None, torch.arange(10).expand(2, -1)
    for _ in range(3):
        found = match(tokens, 1, 2)
        tokens, sizes = merge(tokens, sizes, 1, found)
        source = found.new_index.gather(1, source)
    grid = patches[:, 1:].reshape(2, 1, 2, 5, 5)
    mean = group_mean(grid, source.reshape(2, 1, 2, 5), 4)
    torch.testing.assert_close(tokens[:, 1:], mean)
    assert sizes is not None
    assert torch.equal(sizes[:, 1:].long(), group_sizes(source, 4))


def test_a_video_is_encoded_as_alone() -> None:
    encoder = build()
    together, alone = encoder(videos(3)), [encoder(video[None]) for video in videos(3)]
    assert torch.equal(together.source, torch.cat([one.source for one in alone]))
    torch.testing.assert_close(together.tokens, torch.cat([one.tokens for one in alone]))


def test_it_traces_with_static_shapes() -> None:
    """No step looks at a value to choose a shape: what compile and CUDA graphs need."""
    encoder = build()
    program = torch.export.export(encoder, (videos(1),), strict=False)
    assert not [node for node in program.graph.nodes if "nonzero" in str(node.target)]
    expected, found = encoder(videos(1, seed=5)), program.module()(videos(1, seed=5))
    assert torch.equal(expected.source, found.source)
    torch.testing.assert_close(expected.tokens, found.tokens)


def test_gradients_reach_the_patches() -> None:
    encoder = build().requires_grad_(True)
    encoder(videos()).tokens.square().mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in encoder.parameters())
