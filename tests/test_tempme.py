"""TempMe as a whole: features of windows and of long videos, checks of ids and maps."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from samples import video, videos
from tempme_built import spread, tempme_folder, trained_tempme  # noqa: F401

from zoo.errors import CardError, MediaError, NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.models.tempme.source_map import group_sizes, unmerge
from zoo.models.tempme.tokenizer import TempMe

GROUPS = 23


def test_features_need_no_codebook(tok: TempMe) -> None:
    media = spread()
    assert (tok.can_encode, tok.can_decode, tok.vocab_sizes) == (False, False, ())
    merged = tok.merged(media)
    assert merged.source.shape == (2, 4, 4, 4)
    tokens = tok.features(media).tensor
    assert torch.equal(tokens, merged.tokens)
    assert tokens.shape == (2, GROUPS, 32)
    assert torch.equal(tok.features(media, "classes").tensor, merged.classes)
    grid = tok.features(media, "grid").tensor
    assert torch.equal(grid.unflatten(1, (4, 4, 4)), unmerge(tokens, merged.source))
    vector = tok.features(media, "video").tensor
    assert vector.shape == (2, 1, 16)
    head = tok.module.video_head
    assert head is not None
    assert torch.equal(vector[:, 0], head(merged.classes))
    assert torch.equal(merged.sizes, group_sizes(merged.source, GROUPS))
    assert tok.count(media) == [GROUPS, GROUPS]


def test_encode_and_decode_say_how_to_get_ids(tok: TempMe) -> None:
    with pytest.raises(NotSupportedError, match="cannot encode; it has no codebook.*fit-codebook"):
        tok.encode(spread())
    with pytest.raises(NotSupportedError, match="fit-codebook"):
        tok.decode(tok.tokens([[0] * GROUPS], grid=[[4, 4, 4]]))


def test_maps_and_lengths_are_checked_before_decoding(tok: TempMe) -> None:
    made = tok.tokens([[0] * 2 * GROUPS])
    assert made.grid is not None
    assert made.grid.tolist() == [[8, 4, 4]]
    tok.check(made)
    with pytest.raises(TokenError, match="decodes windows of 23"):
        tok.check(tok.tokens([[0] * (GROUPS - 1)], grid=[[4, 4, 4]]))
    with pytest.raises(TokenError, match=r"grid: \[4, 2, 8\].*expected \[4, 4, 4\]"):
        tok.check(tok.tokens([[0] * GROUPS], grid=[[4, 2, 8]]))
    labels = torch.zeros(1, 8, 4, 4, dtype=torch.int32)  # all of the first window
    with pytest.raises(TokenError, match="groups of another window"):
        tok.check(tok.tokens([[0] * 2 * GROUPS], source_map=labels))
    labels[:, 4:] = GROUPS
    tok.check(tok.tokens([[0] * 2 * GROUPS], source_map=labels))


def test_an_items_features_are_those_it_gets_alone(tok: TempMe) -> None:
    media = videos()
    together = tok.merged(media)
    for row, item in enumerate(media):
        alone = tok.merged(item)
        assert torch.equal(together.source[row], alone.source[0])
        torch.testing.assert_close(together.tokens[row], alone.tokens[0])
    assert torch.equal(tok.merged(media, batch_size=1).source, together.source)


def test_calls_are_reentrant_and_it_pickles_by_name(tok: TempMe) -> None:
    media = videos()
    expected = [tok.merged(item) for item in media]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(tok.merged, media))
    again = pickle.loads(pickle.dumps(tok))
    assert len(pickle.dumps(tok)) < 2000
    for item, one, other in zip(media, expected, together, strict=True):
        for found in (other, again.merged(item)):
            assert torch.equal(found.source, one.source)
            torch.testing.assert_close(found.tokens, one.tokens)


def test_a_long_video_is_merged_window_by_window(tok: TempMe) -> None:
    frames, fps = video(10, 32, 32, 0), 3.0
    windows = tok.merged((frames, fps), sampling="dense", fps=3.0)
    assert windows.source.shape == (3, 4, 4, 4)
    last = torch.cat([frames[8:], frames[9:], frames[9:]])
    for row, part in enumerate((frames[:4], frames[4:8], last)):
        alone = tok.merged((part, fps))
        assert torch.equal(windows.source[row], alone.source[0])
        torch.testing.assert_close(windows.tokens[row], alone.tokens[0])
    options = {"sampling": "dense", "fps": 3.0}
    tokens = tok.features((frames, fps), "tokens", **options)
    assert tokens.tensor.shape == (1, 3 * GROUPS, 32)
    assert tok.features((frames, fps), "grid", **options).tensor.shape == (1, 10 * 16, 32)
    classes = tok.features((frames, fps), "classes", **options).tensor
    assert classes.shape == (1, 10, 32)  # frames that only fill the last window do not count
    head = tok.module.video_head
    assert head is not None
    expected = head(classes)
    torch.testing.assert_close(tok.features((frames, fps), "video", **options).tensor[0], expected)


def test_a_bad_video_is_named(tok: TempMe) -> None:
    with pytest.raises(MediaError, match="item 2 of 2"):
        tok.merged([spread()[0], "missing.mp4"])
    with pytest.raises(NotSupportedError, match="no option 'samplin'"):
        tok.merged(spread(), samplin="dense")


def test_a_card_whose_windows_have_other_ids_is_refused(folder: Path, tmp_path: Path) -> None:
    card = tmp_path / "wrong.md"
    text = (folder / "best.md").read_text()
    card.write_text(text.replace("segment: 23", "segment: 24").replace("crop: 23", "crop: 24"))
    with pytest.raises(CardError, match=r"wrong\.md:\d+: .*4 frames become 23 groups, not 24"):
        load_random(card)
