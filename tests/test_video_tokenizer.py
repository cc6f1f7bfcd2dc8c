"""What all families of video promise beside the contract: windows, times, the source map."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import video, videos
from toy_video import ToyVideo, toy

import zoo
from zoo.engine import encode as engine
from zoo.errors import CardError, MediaError, NotSupportedError, TokenError
from zoo.media import VideoPrepare
from zoo.tokens import ExtraSpec, TokenSpec


@pytest.fixture
def tok() -> ToyVideo:
    return toy()


def long_video(frames: int = 11) -> tuple[torch.Tensor, float]:
    return video(frames, 8, 12, 0), 5.0


def test_a_long_video_is_one_item_of_windows_that_follow_one_another(tok: ToyVideo) -> None:
    frames, fps = long_video()
    tokens = tok.encode((frames, fps))
    assert tokens.lengths.tolist() == tok.count((frames, fps)) == [36]
    assert tokens.grid is not None
    assert tokens.grid.tolist() == [[12, 2, 3]]
    labels = tokens.extras["source_map"][0]
    assert labels.shape == (12, 2, 3)
    assert sorted(set(labels.flatten().tolist())) == list(range(36))
    origin = tokens.origin[0]
    assert origin is not None
    assert origin.times == pytest.approx([n / 5 for n in range(11)])
    assert origin.out_samples == 11

    alone = [tok.encode((part, fps)) for part in (frames[:4], frames[4:8], torch.cat([frames[8:]]))]
    assert torch.equal(torch.cat([one.codes for one in alone], 2), tokens.codes)


def test_windows_are_cut_and_joined(tok: ToyVideo) -> None:
    tokens = tok.encode(long_video())
    pieces = [tokens.crop(0, 12), tokens.crop(12, 24), tokens.crop(24)]
    for number, piece in enumerate(pieces):
        assert piece.extras["source_map"].amax() == 11
        origin = piece.origin[0]
        assert origin is not None
        assert origin.out_samples == (4, 4, 3)[number]
        assert origin.times is not None
        assert origin.times[0] == pytest.approx(number * 0.8)
    assert zoo.Tokens.join(pieces) == tokens
    both = zoo.Tokens.cat([tokens, tok.encode((video(3, 8, 12, 1), 5.0))])
    assert zoo.Tokens.join([both.crop(0, 12), both.crop(12)]) == both
    with pytest.raises(TokenError, match="multiples of 12"):
        tokens.crop(0, 6)


def test_an_item_of_no_windows_is_named(tok: ToyVideo) -> None:
    tokens = tok.encode(videos()[:1])
    with pytest.raises(TokenError, match="item 1 has no positions"):
        tok.decode(zoo.Tokens.cat([tokens, tokens.crop(0, 0)]))


def test_decoding_gives_the_frames_with_their_times(tok: ToyVideo) -> None:
    frames, fps = long_video()
    tokens = tok.encode([(frames, fps), (frames[:2], fps)])
    decoded = tok.decode(tokens)
    assert [len(item) for item in decoded.items] == [11, 2]
    assert decoded.frame_rates == pytest.approx((5.0, 5.0))
    assert decoded.times is not None
    assert decoded.times[0] == pytest.approx([n / 5 for n in range(11)])
    pairs = frames[:10].float().div(255).unflatten(0, (5, 2)).mean(1)
    blocks = pairs.unflatten(3, (3, 4)).unflatten(2, (2, 4)).mean((3, 5))
    seen = decoded.items[0][:10:2, :, ::4, ::4]
    assert (seen - blocks).abs().max() <= 0.5 / 255 + 1e-6

    native = tok.decode(tokens, native=True)
    assert [tuple(item.shape) for item in native.items] == [(12, 3, 8, 12), (4, 3, 8, 12)]
    assert native.times is not None
    assert native.times[1] == pytest.approx([0, 0.2, 0.4, 0.6])
    made = tok.decode(tok.tokens(tokens[1].codes))
    assert (made.fps, made.items[0].shape) == (2.0, (4, 3, 8, 12))


def test_frames_come_back_at_the_scale_of_the_part_that_was_seen() -> None:
    given = (video(4, 40, 30, 0), 5.0)
    assert toy("squash").decode(toy("squash").encode(given)).items[0].shape == (4, 3, 40, 30)
    assert toy("pad").decode(toy("pad").encode(given)).items[0].shape == (4, 3, 40, 30)
    assert toy("crop").decode(toy("crop").encode(given)).items[0].shape == (4, 3, 20, 30)


def test_long_videos_are_prepared_window_by_window(
    tok: ToyVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    whole = engine._windows

    def watched(*arguments) -> Iterator[list]:
        for window in whole(*arguments):
            held.append(sum(piece.tensor.nbytes for _, piece in window))
            yield window

    media = [long_video(), long_video(3), long_video(27)]
    expected = tok.encode(media)
    window_bytes = 4 * 3 * 8 * 12
    monkeypatch.setattr(engine, "MOST_BYTES", 2 * window_bytes)
    monkeypatch.setattr(engine, "_windows", watched)
    assert tok.encode(media) == expected
    assert held == [2 * window_bytes] * 5 + [window_bytes]
    assert expected[0] == tok.encode(media[0])
    assert tok.encode(media, batch_size=1) == expected
    assert tok.encode_prepared([tok.prepare(one) for one in media]) == expected


def test_spread_takes_as_many_frames_from_any_video() -> None:
    tok = toy(sampling="sampling: spread\n    fps: 1")
    for frames, fps, times in (
        (40, 4.0, [0, 3, 6, 9]),
        (12, 4.0, [0, 0.75, 1.75, 2.75]),
        (16, 4.0, [0, 1, 2, 3]),
        (1, 4.0, [0, 0, 0, 0]),
    ):
        tokens = tok.encode((video(frames, 8, 12, 0), fps))
        origin = tokens.origin[0]
        assert origin is not None
        assert tokens.lengths.tolist() == [12]
        assert origin.times == pytest.approx(times)
        view = tok.view((video(frames, 8, 12, 0), fps))
        assert tok.encode(view) == tokens.replace(origin=tok.encode(view).origin)
    dense = tok.encode((video(40, 8, 12, 0), 4.0), sampling="dense", fps=2.0)
    assert dense.lengths.tolist() == [60]
    with pytest.raises(MediaError, match="without a frame rate; pass"):
        tok.encode(video(5, 8, 12, 0))
    with pytest.raises(NotSupportedError, match="fps"):
        tok.encode((video(5, 8, 12, 0), 4.0), fps=0.0)


def test_the_view_is_what_the_model_sees(tok: ToyVideo) -> None:
    media = videos()
    view = tok.view(media)
    assert [len(item) for item in view.items] == [len(frames) for frames, _ in media]
    assert torch.equal(tok.encode(view).codes, tok.encode(media).codes)


def test_a_bad_frame_or_video_is_named(tok: ToyVideo, tmp_path: Path) -> None:
    good, fps = long_video()
    for bad, message in (
        ((good[:, :, :, 0], fps), "4 axes"),
        (good[0], "one picture, not a video"),
        (([good[0], good[0][:, :4]], fps), "frame 2 of 2 is"),
        (([], fps), "list of no frames"),
        ((good.float() - 1, fps), "expected 0..1"),
        ((good, 0), "frames per second, above 0"),
        (tmp_path / "missing.mp4", "no such file"),
    ):
        with pytest.raises(MediaError, match=f"item 2 of 2.*{message}"):
            tok.encode([(good, fps), bad])
    with pytest.raises(MediaError, match="item 1 of 3.*frames of one video are passed as"):
        tok.encode(list(np.zeros((3, 8, 12, 3), np.uint8)))


def test_preparing_cuts_windows_lazily() -> None:
    prepare = VideoPrepare((8, 12), "squash", "bicubic", frames=4)
    windows = list(prepare.windows(long_video()))
    assert [len(window.tensor) for window in windows] == [4, 4, 4]
    assert torch.equal(windows[2].tensor[3], windows[2].tensor[2])
    assert [window.origin.out_samples for window in windows] == [4, 4, 3]
    whole = prepare(long_video())
    assert torch.equal(whole.tensor, torch.cat([window.tensor for window in windows])[:11])


def test_labels_are_positions_of_their_item(tok: ToyVideo, tmp_path: Path) -> None:
    tokens = tok.encode(long_video(4))
    tokens.save(tmp_path / "t.safetensors")
    assert zoo.Tokens.load(tmp_path / "t.safetensors") == tokens
    assert tokens.spec.to_dict()["extras"][0]["labels"] is True
    wrong = tokens.extras["source_map"].clone()
    wrong[0, 3, 1, 2] = 12
    with pytest.raises(TokenError, match=r"source_map.*12 at item 0.*none of its 12 positions"):
        tokens.replace(extras={"source_map": wrong})
    with pytest.raises(TokenError, match="labels: positions are int16"):
        ExtraSpec("m", "float32", ("item", "frame"), 0, 1, labels=True)
    with pytest.raises(TokenError, match="no axis that a cut in time fits"):
        TokenSpec(
            "time",
            (8,),
            extras=(ExtraSpec("m", "int32", ("item", "row", "column"), 0, 1),),
            segment=4,
            segment_hop=3,
            crop=4,
        )


def test_cards_of_video_say_how_frames_are_taken() -> None:
    assert toy(sampling="sampling: spread\n    fps: 2").input.sampling == "spread"
    for sampling, message in (
        ("sampling: spread", "sampling: spread needs frames and fps"),
        ("sampling: sometimes", "spread"),
        ("fps: 0", "fps must be above 0"),
    ):
        with pytest.raises(CardError, match=message):
            toy(sampling=sampling)
