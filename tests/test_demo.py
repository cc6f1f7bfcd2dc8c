"""What the demo computes, without its page: pictures, sounds, videos, edits, limits, drawings."""

import os
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch
from samples import picture
from video_files import encoded, pictures

import zoo
from zoo.demo import loaded, sounds, temporary, videos
from zoo.demo import pictures as demo_pictures
from zoo.demo.choices import bundled, choices
from zoo.demo.drawing import CELL, GONE, Sheet, difference, ids_picture, strip_picture, waveform
from zoo.demo.edits import changed, parse_id, parse_places, swapped
from zoo.demo.limits import Limits
from zoo.demo.loaded import tokenizer
from zoo.demo.quality import legal, within
from zoo.errors import MediaError, TokenError, UnknownTokenizerError

FLEXTOK = "flextok-tiny"


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("photos") / "a photo.png"
    picture(80, 100, 3).save(path)
    return str(path)


def test_bundled_tokenizers_come_first_and_others_say_what_they_are() -> None:
    for modality in ("image", "audio", "video"):
        found = choices(modality)
        names = [name for _, name in found]
        count = len(bundled(modality))
        assert count >= 1
        assert all(zoo.card(name).bundled for name in names[:count])
        assert not any(zoo.card(name).bundled for name in names[count:])
        for text, name in found[count:]:
            assert zoo.card(name).license_text in text
            assert zoo.card(name).can_decode
    with pytest.raises(UnknownTokenizerError, match="not one of this page's"):
        tokenizer("/etc")


def test_dragging_decodes_and_does_not_encode(photo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tok = tokenizer(FLEXTOK)
    found = demo_pictures.encode(photo, FLEXTOK)
    assert found.tokens == tok.encode(photo)
    monkeypatch.setattr(type(tok), "encode", None)
    whole, few = demo_pictures.rebuild(found), demo_pictures.rebuild(found, 4.7)
    assert (whole.figures.ids, few.figures.ids) == (64, 4)
    assert whole.figures.bits == pytest.approx(16 * few.figures.bits)
    assert few.figures.ratio == pytest.approx(8 * 3 * 64 * 64 / few.figures.bits)
    expected = tok.decode(found.tokens.prefix(4), seed=0, native=True).pil()
    small = few.made.resize(expected.size, 0)
    assert np.array_equal(np.asarray(small), np.asarray(expected))
    grey = (np.asarray(few.ids) == GONE).all(2)[CELL // 2 :: CELL, CELL // 2 :: CELL]
    assert grey.sum() == 60


def test_at_equal_bits(photo: str) -> None:
    tok, found = tokenizer(FLEXTOK), demo_pictures.encode(photo, FLEXTOK)
    assert within(tok, found.tokens, 512) == 32
    assert within(tok, found.tokens, 1) == 1
    assert within(tok, found.tokens, 1e9) == 64
    assert legal(tok, 1000) == 64
    assert legal(tok, 0) == 1


def test_what_is_too_large_or_no_media_is_told(tmp_path: Path, photo: str) -> None:
    with pytest.raises(MediaError, match="takes 0.0001 MB"):
        Limits(megabytes=1e-4).read(photo, "image")
    with pytest.raises(MediaError, match="80 x 100|100 x 80 pixels are more"):
        Limits(megapixels=0.001).read(photo, "image")
    (tmp_path / "film.mp4").write_bytes(encoded(pictures(12), rate=4))
    with pytest.raises(MediaError, match="the video lasts 3 seconds; this page takes 2"):
        Limits(video_seconds=2).read(str(tmp_path / "film.mp4"), "video")
    zoo.read((np.zeros(9000, np.float32), 3000)).save(tmp_path / "still.wav")
    with pytest.raises(MediaError, match="the sound lasts 3 seconds"):
        Limits(sound_seconds=2).read(str(tmp_path / "still.wav"), "audio")
    (tmp_path / "notes.png").write_text("no picture")
    with pytest.raises(MediaError, match="not an image"):
        demo_pictures.encode(str(tmp_path / "notes.png"), FLEXTOK)


def test_a_sound_and_its_stream(tmp_path: Path) -> None:
    from zoo.media.sample import sample_sound

    zoo.read(sample_sound()).save(tmp_path / "voice.wav")
    heard = sounds.encode(str(tmp_path / "voice.wav"), "codec-tiny")
    all_of_it, coarse = sounds.play(heard), sounds.play(heard, 1)
    assert all_of_it.made.items[0].shape == coarse.made.items[0].shape
    assert "8 kbit/s" in all_of_it.text
    assert "1 kbit/s" in coarse.text
    assert all_of_it.seen[1].size == all_of_it.shown[1].size == (640, 192)
    assert "**the same**" in sounds.streamed(heard, 3)


def test_a_video_and_its_groups(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(encoded(pictures(10), rate=10))
    watched = videos.encode(str(tmp_path / "clip.mp4"), "tempme-tiny")
    path, text = videos.show(watched, 2)
    frames = zoo.read(path, "video").items[0]
    assert len(frames) == len(watched.seen.items[0])
    assert frames.shape[3] > 3 * 224
    count = watched.tokens.prefix(2).codes.ge(0).sum()
    assert f"**{count}** ids" in text
    assert "With merging" in text


def test_ids_are_chosen_swapped_and_changed(photo: str) -> None:
    assert parse_places("0-2, 5", 8) == {(0, 0), (0, 1), (0, 2), (0, 5)}
    for wrong in ("8", "3-1", "x", "-1"):
        with pytest.raises(TokenError):
            parse_places(wrong, 8)
    assert (parse_id(" "), parse_id("12")) == (None, 12)
    with pytest.raises(TokenError, match="no id"):
        parse_id("twelve")
    tok = tokenizer(FLEXTOK)
    one, other = tok.encode(photo), tok.encode(picture(64, 64, 8))
    first, second = swapped(one, other, parse_places("0-63", 64))
    assert torch.equal(first.codes, other.codes)
    assert torch.equal(second.codes, one.codes)
    first, _ = swapped(one, other, parse_places("3", 64))
    assert int((first.codes != one.codes).sum()) == 1
    same = changed(one, parse_places("0-1", 64), 77, FLEXTOK)
    assert same.codes[0, 0, :2].tolist() == [77, 77]
    with pytest.raises(TokenError, match="has the ids 0 to 63999"):
        changed(one, parse_places("0", 64), 64000, FLEXTOK)


@pytest.mark.parametrize("sheet", [Sheet(1, 64), Sheet(1, 273), Sheet(4, 70)])
def test_a_click_finds_the_id_that_is_drawn_there(sheet: Sheet) -> None:
    for slot in range(sheet.slots):
        for position in range(sheet.positions):
            column, row = sheet.place(slot, position)
            assert sheet.at(column * CELL + 5, row * CELL + 9) == (slot, position)
    assert sheet.at(sheet.columns * CELL + 1, 0) is None
    assert sheet.at(0, sheet.lines * sheet.slots * CELL + 1) is None


def test_drawings(photo: str) -> None:
    tokens = tokenizer(FLEXTOK).encode(photo)
    plain, marked = ids_picture(tokens), ids_picture(tokens, chosen=frozenset({(0, 9)}))
    changed_at = (np.asarray(plain) != np.asarray(marked)).any(2).nonzero()
    assert changed_at[0].min() // CELL == changed_at[0].max() // CELL == 1
    assert changed_at[1].min() // CELL == changed_at[1].max() // CELL == 1
    assert strip_picture(tokens, width=640).width == 640
    one = picture(8, 8, 1)
    assert np.asarray(difference(one, one)).max() == 0
    loud = np.asarray(waveform(np.sin(np.arange(8000.0))[None]))
    assert (loud != 255).any(2).any(1).mean() > 0.9
    quiet = np.asarray(waveform(np.zeros((1, 8000))))
    assert (quiet != 255).any(2).any(1).sum() == 1


def test_files_that_were_handed_out_long_ago_are_removed() -> None:
    example = temporary.lasting_file("example.txt")
    example.write_text("stays")
    first = Path(temporary.temporary_file("a.txt"))
    first.write_text("handed out")
    os.utime(first.parent, (0, 0))
    second = Path(temporary.temporary_file("a.txt"))
    assert not first.parent.exists()
    assert second.parent.is_dir()
    assert example.read_text() == "stays"


def test_a_slow_download_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    started, go_on, calls = Event(), Event(), []
    names = zoo.list_models()[:2]

    def load(name: str, **more: object) -> str:
        calls.append(name)
        if name == names[0]:
            started.set()
            assert go_on.wait(20)
        return f"the tokenizer {name}"

    monkeypatch.setattr(loaded.zoo, "load", load)
    monkeypatch.setattr(loaded, "_loaded", OrderedDict())
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(tokenizer, names[0]) for _ in range(2)]
        assert started.wait(20)
        assert tokenizer(names[1]) == f"the tokenizer {names[1]}"
        go_on.set()
        assert {one.result() for one in slow} == {f"the tokenizer {names[0]}"}
    assert sorted(calls) == sorted(names)  # each was loaded once
