"""Long sounds go through in pieces, with the result of the whole."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from samples import sound
from torch import nn

from zoo.audio_tokenizer import AudioTokenizer
from zoo.loading import load_random
from zoo.models.layers.reach import Reach, in_pieces, reach
from zoo.models.snac.layers import WindowAttention
from zoo.models.snac.model import build_model
from zoo.models.snac.tokenizer import Snac
from zoo.registry import find

CARDS = [
    path
    for path in sorted((Path(__file__).parent / "cards").glob("*.md"))
    if find(path).modality == "audio"
]
IN_PIECES = {  # the others need the whole clip, or are computed in segments anyway
    "test-dac": ("encode", "decode"),
    "test-snac": ("encode", "decode"),
    "test-encodec": ("encode", "decode"),
    "test-mimi": ("encode", "decode"),
    "test-speechtokenizer": ("decode",),
    "test-wavtokenizer": ("encode",),
    "test-bigcodec": ("encode", "decode"),
}
TOLERANCE = 1e-4  # of samples in -1..1


@cache
def built(path: Path) -> AudioTokenizer:
    tok = load_random(path)
    assert isinstance(tok, AudioTokenizer)
    random = torch.Generator().manual_seed(0)
    for layer in tok.module.modules():
        bias = getattr(layer, "bias", None)
        if isinstance(bias, nn.Parameter):
            bias.data += 0.1 * torch.randn(bias.shape, generator=random)
        if isinstance(layer, nn.Conv1d):
            shape, inputs = layer.weight.shape, layer.weight[0].numel()
            layer.weight.data = torch.randn(shape, generator=random) * (0.7 / inputs**0.5)
    return tok


@pytest.fixture(
    params=[path for path in CARDS if path.stem in IN_PIECES], ids=lambda path: path.stem
)
def tok(request: pytest.FixtureRequest) -> Iterator[AudioTokenizer]:
    tok = built(request.param)
    yield tok
    tok.piece_seconds = AudioTokenizer.piece_seconds


@pytest.mark.parametrize("seconds", [0.05, 0.21, 0.4])
def test_pieces_give_the_result_of_the_whole(
    tok: AudioTokenizer, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = tok.sample_rate or 0
    given = [sound(int(n * rate) + 1, rate, i) for i, n in enumerate((1.0, 0.9, 0.02, 1.0))]
    tok.piece_seconds = None
    whole = tok.encode(given)
    low = list(tok.prefixes)[:1]
    coarse = [tok.encode(given, prefix=k) for k in low]
    decoded = tok.decode(whole, seed=[1, 2, 3, 4]) if tok.can_decode else None
    tok.piece_seconds = seconds
    calls = Counter()
    for verb in ("encode", "decode"):
        through = getattr(tok, f"_{verb}_long")

        def counting(*given, through=through, verb=verb, **options):
            found = through(*given, **options)
            calls[verb] += found is not None
            return found

        monkeypatch.setattr(tok, f"_{verb}_long", counting)
    assert tok.is_long(len(given[0][0]), "encode")
    assert not tok.is_long(len(given[2][0]), "encode")
    assert tok.encode(given) == whole
    assert [tok.encode(given, prefix=k) for k in low] == coarse
    if decoded is not None:
        again = tok.decode(whole, seed=[1, 2, 3, 4])
        for one, other in zip(again.items, decoded.items, strict=True):
            assert one.shape == other.shape
            assert float((one - other).abs().max()) < TOLERANCE
    assert set(+calls) == set(IN_PIECES[tok.name])


def test_less_context_than_the_reach_is_not_enough() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(
        nn.Conv1d(1, 4, 7, padding=3),
        nn.Conv1d(4, 4, 8, 4, padding=2),
        nn.Conv1d(4, 4, 3, padding=1),
    )
    x = torch.randn(1, 1, 400)
    exact = reach(layers.modules(), 4, 1)
    assert exact == Reach(4, 1, 3, 3)  # 9 samples before: 4 + 2 + 3; 10 behind
    with torch.no_grad():
        whole = layers(x)
        found = torch.cat([*in_pieces(lambda part, at: layers(part), x, exact, 40)], dim=-1)
        assert torch.allclose(found, whole, atol=1e-6)
        for side in ("before", "behind"):
            less = replace(exact, **{side: 2})
            other = torch.cat([*in_pieces(lambda part, at: layers(part), x, less, 40)], dim=-1)
            assert not torch.allclose(other, whole, atol=1e-6)


def test_windows_are_seen_whole() -> None:
    layers = [nn.Conv1d(1, 1, 3, padding=1), WindowAttention(64, 8), nn.Conv1d(1, 1, 3, padding=1)]
    assert reach(layers, 8, 8) == Reach(8, 8, 2, 2)


def test_official_sizes_reach_as_far_as_was_measured() -> None:
    """SNAC 24 kHz: 198 ms before and 220 ms behind, by gradients of the original."""
    card = find("snac-24khz")
    from zoo.typed import from_mapping

    config = from_mapping(Snac.config_type, card.config, "card")
    with torch.device("meta"):
        model = build_model(config)
    far = reach(model.encoder.modules(), config.hop, 1)
    assert (far.before * config.hop / 24000, far.behind * config.hop / 24000) == pytest.approx(
        (0.198, 0.220), abs=config.hop / 24000
    )
