"""What all families of sound promise beside the contract: rates, counts, odd input."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import sound, sounds

import zoo
from zoo.audio_tokenizer import AudioTokenizer
from zoo.cli import main
from zoo.errors import MediaError, NotSupportedError, TokenError
from zoo.loading import load_random
from zoo.registry import find
from zoo.tokens import Origin
from zoo.weights import save_checkpoint

CARDS = [
    path
    for path in sorted((Path(__file__).parent / "cards").glob("*.md"))
    if find(path).modality == "audio"
]


@cache
def built(path: Path) -> AudioTokenizer:
    tok = load_random(path)
    assert isinstance(tok, AudioTokenizer)
    return tok


@pytest.fixture(params=CARDS, ids=lambda path: path.stem)
def tok(request: pytest.FixtureRequest) -> AudioTokenizer:
    return built(request.param)


def test_sound_comes_back_at_the_models_rate_or_the_inputs(tok: AudioTokenizer) -> None:
    given = sounds()
    tokens = tok.encode(given)
    decoded = tok.decode(tokens)
    rate_out = tok.card.output.sample_rate or 0
    assert decoded.rate == rate_out
    for (wave, rate), item in zip(given, decoded.items, strict=True):
        assert item.shape[1] == round(len(wave) * rate_out / rate)
    back = tok.decode(tokens, rate="input")
    assert back.rates == tuple(rate for _, rate in given)
    assert [item.shape[1] for item in back.items] == [len(wave) for wave, _ in given]
    native = tok.decode(tokens, rate="input", native=True)
    assert native.rate == rate_out
    assert (
        tok.decode(tok.tokens(tokens[0].codes, **tokens[0].extras), rate="input").rate == rate_out
    )
    vague = tokens[0].replace(origin=[Origin(rate=4000)])  # by hand: nobody knows how long it was
    assert tok.decode(vague, rate="input").rate == rate_out
    with pytest.raises(NotSupportedError, match="'inputs'; expected one of model, input"):
        tok.decode(tokens, rate="inputs")


def test_positions_are_counted_without_encoding(tok: AudioTokenizer) -> None:
    for samples in (1, 79, 80, 719, 720, 721, 2900):
        given = sound(samples, 8000, 0)
        assert tok.count(given) == tok.encode(given).lengths.tolist()
    assert tok.count(sounds()) == tok.encode(sounds()).lengths.tolist()


def test_a_bitrate_is_a_number_of_slots(tok: AudioTokenizer) -> None:
    assert tok.token_rate is not None
    if not tok.prefixes:
        with pytest.raises(NotSupportedError, match="no bitrates"):
            tok.encode(sounds()[0], bitrate=1000)
        return
    for bad in ("2000", True, [2000]):
        with pytest.raises(TokenError, match="bitrate: expected a number"):
            tok.encode(sounds()[0], bitrate=bad)  # pyright: ignore[reportArgumentType]
    (lowest, bits), *_ = tok.prefixes.items()
    expected = tok.encode(sounds()[0], prefix=lowest)
    wanted = bits * tok.token_rate * 1.01
    for bitrate in (wanted, np.float64(wanted)):
        assert tok.encode(sounds()[0], bitrate=bitrate) == expected


def test_odd_input_is_a_sound_or_a_clear_error(tok: AudioTokenizer) -> None:
    wave = sound(3000, 8000, 0)[0]
    fine = [
        (wave[:1], 8000),
        (np.zeros(500), 8000),
        (np.tile(wave, (8, 1)), 8000),
        (wave, 192000),
        ((wave * 32767).astype(np.int16), 44100),
    ]
    tokens = tok.encode(fine)
    decoded = tok.decode(tokens)
    assert all(bool(torch.isfinite(item).all()) for item in decoded.items)
    for bad, message in {
        "empty": ((wave[:0], 8000), "empty"),
        "nan": ((np.full(9, np.nan), 8000), "NaN"),
        "rateless": (wave, "pass \\(array, rate\\)"),
    }.values():
        with pytest.raises(MediaError, match=f"item 2 of 2.*{message}"):
            tok.encode([fine[0], bad])


def test_files_and_arrays_give_the_same_ids(tok: AudioTokenizer, tmp_path: Path) -> None:
    wave, rate = sounds()[0]
    media = zoo.Media("audio", [torch.from_numpy(np.round(wave * 2**15) / 2**15)[None]], rate=rate)
    media.save(tmp_path / "a.wav")
    media.save(tmp_path / "a.flac")
    tokens = tok.encode(media)
    assert tok.encode(tmp_path / "a.wav") == tok.encode(tmp_path / "a.flac") == tokens
    tok.decode(tokens).save(tmp_path / "out.flac")
    assert zoo.read(tmp_path / "out.flac").rate == tok.card.output.sample_rate


def test_weights_on_disk_load_whole_and_by_verb(tok: AudioTokenizer, tmp_path: Path) -> None:
    card = tmp_path / tok.card.path.name
    card.write_bytes(tok.card.path.read_bytes())
    save_checkpoint(tok.module, tmp_path / "model.safetensors", {})
    tokens = tok.encode(sounds())
    decoded = tok.decode(tokens)
    for only in (None, "encode", "decode"):
        loaded = zoo.load(card, only=only)
        if only != "decode":
            assert torch.equal(loaded.encode(sounds()).codes, tokens.codes)
        if only != "encode":
            same = loaded.decode(tokens.replace(space=loaded.space))
            assert all(map(torch.equal, same.items, decoded.items))


def test_the_command_line_takes_sound(tok: AudioTokenizer, tmp_path: Path) -> None:
    card = tmp_path / tok.card.path.name
    card.write_bytes(tok.card.path.read_bytes())
    save_checkpoint(tok.module, tmp_path / "model.safetensors", {})
    given = [zoo.Media("audio", [torch.from_numpy(w)[None]], rate=r) for w, r in sounds()]
    folder = tmp_path / "sounds"
    zoo.Media("audio", [m.items[0] for m in given], rate=[m.rate or 0 for m in given]).save(folder)
    ids, out = tmp_path / "ids.safetensors", tmp_path / "out"
    quality = ["--prefix", str(list(tok.prefixes)[0])] if tok.prefixes else []
    assert main(["encode", str(card), str(folder), "-o", str(ids), *quality]) == 0
    assert main(["decode", str(card), str(ids), "-o", str(out), "--format", "flac"]) == 0
    decoded = [zoo.read(path) for path in sorted(out.iterdir())]
    rate_out = tok.card.output.sample_rate or 0
    assert [one.rate for one in decoded] == [rate_out] * 4
    lengths = [round(len(wave) * rate_out / rate) for wave, rate in sounds()]
    assert [one.items[0].shape[1] for one in decoded] == lengths
