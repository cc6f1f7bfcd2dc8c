"""Sessions of every streamable tokenizer: whatever the pieces, the result of the whole."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import sound

import zoo
from zoo.audio_tokenizer import AudioTokenizer
from zoo.errors import MediaError, NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.registry import find

CARDS = sorted((Path(__file__).parent / "cards").glob("*.md"))
NAMES = [
    str(name)
    for name in (*CARDS, *zoo.list_models(modality="audio", bundled=True))
    if find(name).streamable
]
TOLERANCE = 1e-4  # of samples in -1..1


@cache
def built(name: str) -> AudioTokenizer:
    tok = load_random(name) if name.endswith(".md") else zoo.load(name)
    assert isinstance(tok, AudioTokenizer)
    return tok


@pytest.fixture(params=NAMES, ids=lambda name: Path(name).stem)
def tok(request: pytest.FixtureRequest) -> AudioTokenizer:
    return built(request.param)


def rate(tok: AudioTokenizer) -> int:
    assert tok.sample_rate is not None
    return tok.sample_rate


def chunks(wave: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(wave), size):
        yield wave[start : start + size]


def encoded(tok: AudioTokenizer, pieces: Iterator[np.ndarray], **options) -> zoo.Tokens:
    with tok.streaming(**options) as session:
        found = [session.encode(piece) for piece in pieces]
        found.append(session.flush())
    return zoo.Tokens.join(found)


def decoded(tok: AudioTokenizer, tokens: zoo.Tokens, size: int, **options) -> torch.Tensor:
    length = int(tokens.lengths)
    with tok.streaming(**options) as session:
        pieces = [tokens.crop(start, start + size) for start in range(0, length, size)]
        found = [session.decode(piece) for piece in pieces]
        found.append(session.flush())
    assert {one.rate for one in found} == {tok.card.output.sample_rate}
    return torch.cat([one.items[0] for one in found], dim=1)


@pytest.mark.parametrize("size", ["one", "20 ms", "prime", "most", "all"])
def test_ids_are_those_of_the_whole(tok: AudioTokenizer, size: str) -> None:
    samples = 403 if size == "one" else int(0.37 * rate(tok)) + 1
    step = {"one": 1, "20 ms": rate(tok) // 50, "prime": 131, "most": samples - 1, "all": samples}
    wave, _ = sound(samples, rate(tok), 0)
    whole = tok.encode((wave, rate(tok)))
    assert len(whole.codes.unique()) > 3
    found = encoded(tok, chunks(wave, step[size]))
    assert found == whole  # lengths and origins too
    assert same_maker(found, whole)


def same_maker(a: zoo.Tokens, b: zoo.Tokens) -> bool:
    return a.made_by == b.made_by


@pytest.mark.parametrize("samples", [1, 2, 7, 79, 80, 81])
def test_short_sounds_come_with_the_flush(tok: AudioTokenizer, samples: int) -> None:
    wave, _ = sound(samples, rate(tok), 1)
    assert encoded(tok, chunks(wave, 3)) == tok.encode((wave, rate(tok)))


@pytest.mark.parametrize("size", [1, 3, 10, 1000])
def test_sound_is_that_of_the_whole(tok: AudioTokenizer, size: int) -> None:
    wave, _ = sound(int(0.37 * rate(tok)) + 1, rate(tok), 2)
    tokens = tok.encode((wave, rate(tok)))
    found = decoded(tok, tokens, size)
    whole = tok.decode(tokens).items[0]
    assert found.shape == whole.shape == (tok.channels, len(wave))
    assert float((found - whole).abs().max()) < TOLERANCE
    bare = tok.tokens(tokens.codes)  # without an origin: the model's own length
    assert decoded(tok, bare, size).shape == tok.decode(bare).items[0].shape


def test_a_quality_is_chosen_once(tok: AudioTokenizer) -> None:
    wave, _ = sound(2000, rate(tok), 3)
    low = list(tok.prefixes)[0]
    found = encoded(tok, chunks(wave, 300), prefix=low)
    assert found == tok.encode((wave, rate(tok)), prefix=low)
    part = decoded(tok, found, 4)
    assert float((part - tok.decode(found).items[0]).abs().max()) < TOLERANCE
    whole = tok.encode((wave, rate(tok)))
    assert torch.equal(decoded(tok, whole, 4, prefix=low), part)
    with pytest.raises(TokenError):
        tok.streaming(prefix=10**6)


def test_something_comes_before_the_end(tok: AudioTokenizer) -> None:
    wave, _ = sound(rate(tok), rate(tok), 4)
    with tok.streaming() as session:
        counts = [int(session.encode(piece).lengths) for piece in chunks(wave, rate(tok) // 50)]
        rest = session.flush()
    assert sum(counts[:25]) > 0.3 * sum(counts)
    assert int(rest.lengths) <= 2


def test_sessions_do_not_meet(tok: AudioTokenizer) -> None:
    waves = [sound(1500, rate(tok), seed)[0] for seed in (5, 6)]
    whole = [tok.encode((wave, rate(tok))) for wave in waves]
    sessions = [tok.streaming(), tok.streaming()]
    found: list[list[zoo.Tokens]] = [[], []]
    for pieces in zip(*(chunks(wave, 111) for wave in waves), strict=True):
        for session, piece, own in zip(sessions, pieces, found, strict=True):
            own.append(session.encode(piece))
    for session, own, expected in zip(sessions, found, whole, strict=True):
        assert zoo.Tokens.join([*own, session.flush()]) == expected
    assert tok.encode((waves[0], rate(tok))) == whole[0]


def test_chunks_of_any_kind(tok: AudioTokenizer) -> None:
    wave, _ = sound(1000, rate(tok), 7)
    stereo = np.stack([wave, 0.5 * wave])
    kinds = [
        stereo[:, :300],
        torch.from_numpy(stereo[:, 300:301]),
        np.zeros((2, 0), np.float32),
        np.zeros(0),
        (stereo[:, 301:800], rate(tok)),
        zoo.Media("audio", [torch.from_numpy(stereo[:, 800:])], rate=rate(tok)),
    ]
    assert encoded(tok, iter(kinds)) == tok.encode((stereo, rate(tok)))


def test_the_first_chunks_may_be_empty(tok: AudioTokenizer) -> None:
    wave, _ = sound(700, rate(tok), 9)
    stereo = np.stack([wave, 0.5 * wave])
    kinds = [np.zeros(0), np.zeros((0, 2)), [], stereo[:, :300], stereo[:, 300:]]
    assert encoded(tok, iter(kinds)) == tok.encode((stereo, rate(tok)))
    silent = encoded(tok, iter([np.zeros(0), np.zeros((2, 0))]))  # a microphone that gave nothing
    assert silent.lengths.tolist() == [0]
    assert tok.decode(silent).items[0].shape == (tok.channels, 0)


def test_arrays_of_every_kind_are_chunks(tok: AudioTokenizer) -> None:
    wave = np.round(sound(1200, rate(tok), 10)[0] * 2**15).astype(np.int16)
    kinds = [
        np.frombuffer(wave[:300].tobytes(), np.int16),  # read-only, as a microphone gives it
        np.flip(np.flip(wave[300:600]).copy()),  # backwards in memory
        wave[600:900].astype(">i2"),
        (wave[900:] / 2**15).tolist(),
    ]
    assert encoded(tok, iter(kinds)) == tok.encode((wave, rate(tok)))
    with tok.streaming() as session:
        for bad in (np.array([None]), ["a"], [[1.0, 2.0], [1.0]]):
            with pytest.raises(MediaError):
                session.encode(bad)


@pytest.mark.parametrize("shape", [(480, 1), (1600, 2)])
def test_a_chunk_with_time_first_is_refused(tok: AudioTokenizer, shape: tuple[int, int]) -> None:
    turned = np.zeros(shape, np.float32)
    with tok.streaming() as session:
        with pytest.raises(MediaError, match=r"\[channels, samples\].*pass chunk\.T"):
            session.encode(turned)
        session.encode(turned.T)
    with tok.streaming() as session:  # with a rate it is what tok.encode takes
        session.encode((turned, rate(tok)))
        found = session.flush()
    assert isinstance(found, zoo.Tokens)
    assert [one.channels for one in found.origin if one] == [shape[1]]


def test_what_does_not_fit_is_refused(tok: AudioTokenizer) -> None:
    wave, _ = sound(500, rate(tok), 8)
    tokens = tok.encode([(wave, rate(tok))] * 2)
    with tok.streaming() as session:
        session.encode(wave)
        with pytest.raises(MediaError, match="resample the stream"):
            session.encode((wave, rate(tok) + 1))
        with pytest.raises(MediaError, match="2 channels after 1"):
            session.encode(np.stack([wave, wave]))
        with pytest.raises(MediaError, match="NaN"):
            session.encode(np.full(3, np.nan))
        with pytest.raises(NotSupportedError, match="encodes; open another"):
            session.decode(tokens[0])
    with pytest.raises(NotSupportedError, match="over"):
        session.encode(wave)
    with tok.streaming() as session:
        with pytest.raises(NotSupportedError, match="nothing to flush"):
            session.flush()
        with pytest.raises(TokenError, match="2"):
            session.decode(tokens)
        with pytest.raises(TokenError, match="code space"):
            session.decode(tokens[0].replace(space="other"))
        with pytest.raises(NotSupportedError, match="decodes; open another"):
            session.encode(wave)
    with pytest.raises(NotSupportedError, match="streaming has no option 'qualty'"):
        tok.streaming(qualty=3)
    with pytest.raises(NotSupportedError, match="streaming has no option 'rate'"):
        tok.streaming(rate="input")


def test_what_needs_the_whole_says_so() -> None:
    others = [path for path in CARDS if not find(path).streamable]
    for path in others[:3]:
        with pytest.raises(NotSupportedError, match="cannot stream"):
            load_random(path).streaming()
