"""What a session keeps between pieces: its own, little, and nothing after a failure."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from samples import sound
from test_streaming import NAMES, built, decoded, encoded, rate

import zoo
from zoo.audio_tokenizer import AudioTokenizer
from zoo.errors import NotSupportedError

SHORT = 400  # samples of pieces


@pytest.fixture(params=NAMES, ids=lambda name: name.rpartition("/")[2])
def tok(request: pytest.FixtureRequest) -> AudioTokenizer:
    return built(request.param)


def wave_of(tok: AudioTokenizer, seconds: float = 0.3) -> np.ndarray:
    return sound(int(seconds * rate(tok)), rate(tok), 0)[0]


def test_a_step_that_failed_ends_the_session(
    tok: AudioTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the layers have had the piece: going on would give other ids, and say nothing."""
    wave = wave_of(tok)
    convs = [m for m in tok.module.modules() if isinstance(m, torch.nn.Conv1d)]
    with tok.streaming() as session:
        session.encode(wave[:SHORT])
        for conv in convs:

            def stop(*_: object) -> None:
                raise KeyboardInterrupt

            conv.register_forward_hook(stop)
        monkeypatch.setattr(torch, "addmm", stop)
        monkeypatch.setattr(torch.nn.functional, "linear", stop)
        try:
            with pytest.raises(KeyboardInterrupt):
                session.encode(wave[SHORT : 8 * SHORT])
        finally:
            for conv in convs:
                conv._forward_hooks.clear()
            monkeypatch.undo()
        for again in (lambda: session.encode(wave[SHORT:]), session.flush):
            with pytest.raises(NotSupportedError, match="broke off in the middle of a step"):
                again()
    whole = tok.encode((wave, rate(tok)))
    assert torch.equal(encoded(tok, iter([wave])).codes, whole.codes)


def test_a_buffer_may_be_used_again(tok: AudioTokenizer) -> None:
    wave = torch.from_numpy(wave_of(tok))
    for size in (3, 160):
        part = wave[: 200 * size // 3]

        def pieces(size: int = size, part: torch.Tensor = part) -> Iterator[torch.Tensor]:
            buffer = torch.zeros(size)
            for piece in part.split(size):
                buffer[: len(piece)] = piece
                yield buffer[: len(piece)]
                buffer.fill_(9.0)

        with tok.streaming() as session:
            found = [session.encode(piece) for piece in pieces()]
            joined = zoo.Tokens.join([*found, session.flush()])
        assert torch.equal(joined.codes, tok.encode((part.numpy(), rate(tok))).codes)


def test_pieces_under_inference_mode_and_without(tok: AudioTokenizer) -> None:
    wave = wave_of(tok)
    with tok.streaming() as session:
        found = []
        for number, start in enumerate(range(0, len(wave), SHORT)):
            with torch.inference_mode(number % 2 == 0):
                found.append(session.encode(torch.from_numpy(wave[start : start + SHORT]).clone()))
        tokens = zoo.Tokens.join([*found, session.flush()])
    assert torch.equal(tokens.codes, tok.encode((wave, rate(tok))).codes)
    with torch.inference_mode():
        begun = decoded(tok, tokens, 2)
    assert torch.allclose(
        begun, tok.decode(tokens, native=True).items[0][:, : begun.shape[1]], atol=1e-4
    )
