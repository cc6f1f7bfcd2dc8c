"""TempMe's ids: what decode needs beside them, the map's code, and what tempme-tiny promises."""

from pathlib import Path

import pytest
import torch
from sample_files import NO_SAMPLES, SAMPLE_FILES
from samples import videos

import zoo
from zoo.errors import NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.models.tempme.appearance_codec import mean_frames
from zoo.models.tempme.tokenizer import TempMe

CARDS = Path(__file__).parent / "cards"


@pytest.fixture(scope="module")
def tok() -> TempMe:
    found = load_random(CARDS / "test-tempme-means.md")
    assert isinstance(found, TempMe)
    return found


def test_maps_are_coded_and_come_back(tok: TempMe) -> None:
    tokens = tok.encode(videos())
    codes = tok.map_codes(tokens)
    assert [len(windows) for windows in codes] == [4, 9, 3, 4]
    for labels, given in zip(tok.maps_from(codes), tokens.extras["source_map"], strict=True):
        assert torch.equal(labels, given[: len(labels)])
    bits = tok.coded_bits(tokens)["source_map"]
    assert bits.tolist() == [8 * sum(map(len, windows)) for windows in codes]
    assert (bits < tokens.extra_bits()).all()
    assert load_random(CARDS / "test-flextok.md").coded_bits(tokens) == {}


def test_ids_do_not_decode_without_their_map(tok: TempMe) -> None:
    tokens = tok.encode(videos()[0])
    with pytest.raises(TokenError, match="source_map that came with them"):
        tok.decode(tok.tokens(tokens.codes))
    with pytest.raises(TokenError, match="windows of 16"):
        tok.decode(tok.tokens(tokens.codes[:, :, :15]))
    shifted = tokens.extras["source_map"].roll(4, 1)
    with pytest.raises(TokenError, match="another window"):
        tok.decode(tok.tokens(tokens.codes, grid=tokens.grid, source_map=shifted))
    relabelled = tokens.extras["source_map"].flip(3).contiguous()
    with pytest.raises(TokenError, match="not canonical"):
        tok.map_codes(tok.tokens(tokens.codes, grid=tokens.grid, source_map=relabelled))


def test_looks_and_meaning_are_apart(tok: TempMe) -> None:
    tokens = tok.encode(videos()[0])
    looks, meaning = (tok.vectors(tokens, kind).tensor for kind in ("appearance", "semantic"))
    assert looks.shape == (1, 64, 48)
    ids = tokens.codes[0]
    assert torch.allclose(looks[0], tok.codebook(0)[ids[0]] + tok.codebook(1)[ids[1]], atol=1e-6)
    assert torch.equal(meaning[0], tok.codebook(2)[ids[2]])
    with pytest.raises(NotSupportedError, match="3 codebooks"):
        tok.codebook(3)
    other = tokens.replace(codes=torch.cat([tokens.codes[:, :2], tokens.codes[:, 2:] * 0], 1))
    assert torch.equal(tok.decode(other).items[0], tok.decode(tokens).items[0])


def test_permuting_groups_changes_nothing_that_is_seen(tok: TempMe) -> None:
    tokens = tok.encode(videos()[2])[0]
    codes, labels = tokens.codes.clone(), tokens.extras["source_map"].clone()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    codes[:, :, :16] = codes[:, :, :16][:, :, order]
    labels[:, :4] = order.argsort()[labels[:, :4].long()].int()
    turned = tok.tokens(codes, grid=tokens.grid, source_map=labels)
    assert torch.equal(
        tok.decode(turned, native=True).items[0], tok.decode(tokens, native=True).items[0]
    )


def test_tempme_tiny_has_few_ids_and_every_slot_helps() -> None:
    tok = zoo.load("tempme-tiny")
    assert isinstance(tok, TempMe)
    clip = videos()[2]
    tokens, seen = tok.encode(clip), tok.view(clip).items[0].float() / 255
    patches = tokens.extras["source_map"][0].numel()
    assert int((tokens.codes >= 0).sum()) < 0.1 * patches * len(tok.vocab_sizes)
    shown = tok.decode(tokens, native=True).items[0][: len(seen)]
    half = tok.decode(tokens.prefix(6), native=True).items[0][: len(seen)]
    errors = [float((video - seen).square().mean()) for video in (shown, half)]
    assert errors[0] < errors[1] < 0.02


@pytest.mark.skipif(not (SAMPLE_FILES / "video-val").is_dir(), reason=NO_SAMPLES)
def test_tempme_tiny_beats_the_means_of_its_groups_on_real_videos() -> None:
    tok = zoo.load("tempme-tiny")
    assert isinstance(tok, TempMe)
    for name in ("asl_walk", "carphone", "person_v"):
        clip = SAMPLE_FILES / "video-val" / f"{name}.mp4"
        seen = torch.stack([piece.tensor for piece in tok.pieces(clip)]).float() / 255
        means = mean_frames(seen, tok.merged(clip).source, tok.groups, tok.config.trunk.patch)
        shown = tok.decode(tok.encode(clip), native=True).items[0].view_as(seen)
        errors = [(video - seen).square().mean() for video in (shown, means)]
        assert errors[0] < errors[1], name
