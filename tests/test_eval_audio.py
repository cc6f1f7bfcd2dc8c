"""Metrics of sound against closed forms and other libraries, and the task from end to end."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import sound

import zoo
from zoo.cli import main
from zoo.eval.metrics import Pair, Unmeasurable
from zoo.eval.metrics.pesq import Pesq
from zoo.eval.metrics.si_sdr import SiSdr, best_shift, si_sdr
from zoo.eval.metrics.spectral import MelDistance, StftDistance, mel_filters
from zoo.eval.metrics.stoi import Stoi
from zoo.loading import load_random
from zoo.weights import save_checkpoint

CARD = Path(__file__).parent / "cards" / "test-dac.md"


def noisy(samples: int, seed: int = 0, level: float = 0.1) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    clean = torch.randn(1, samples, generator=random) * 0.1
    return clean, clean + level * 0.1 * torch.randn(1, samples, generator=random)


def speechlike(seconds: float, rate: int = 16000) -> torch.Tensor:
    """A buzz with formants that open and close: enough for PESQ to find utterances."""
    time = torch.arange(round(seconds * rate)) / rate
    buzz = sum(torch.sin(2 * math.pi * 120 * k * time) / k for k in range(1, 30))
    envelope = torch.sin(2 * math.pi * 2 * time).clamp(min=0) ** 2
    return (0.1 * buzz * envelope)[None]


def test_si_sdr_in_closed_form_and_as_torchmetrics() -> None:
    from torchmetrics.functional.audio import scale_invariant_signal_distortion_ratio

    clean, dirty = noisy(4000)
    ours = SiSdr().measure(Pair(clean, dirty, rate=8000))
    theirs = scale_invariant_signal_distortion_ratio(
        dirty[0].double(), clean[0].double(), zero_mean=True
    )
    assert ours["si_sdr"] == pytest.approx(float(theirs), abs=1e-6)
    assert ours["si_sdr_shift"] == 0
    one = torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    other = torch.tensor([1.0, 1.0, -1.0, -1.0], dtype=torch.float64)
    assert si_sdr(one, 3 * one + 0.3 * other) == pytest.approx(20)
    assert si_sdr(one, 3 * one + 7) == math.inf
    for pair in (Pair(clean, clean * 0, rate=8000), Pair(clean * 0, clean, rate=8000)):
        with pytest.raises(Unmeasurable, match="silent"):
            SiSdr().measure(pair)


@pytest.mark.parametrize("shift", [-7, 1, 333])
def test_a_delay_is_undone_and_reported(shift: int) -> None:
    clean, dirty = noisy(8000, level=0.01)
    late = torch.roll(dirty, shift, 1)
    found = SiSdr().measure(Pair(clean, late, rate=8000))
    assert found["si_sdr_shift"] == shift
    assert found["si_sdr"] == pytest.approx(40, abs=0.5)
    assert found["si_sdr_unaligned"] < 0
    assert best_shift(clean[0].double(), torch.roll(dirty, 900, 1)[0].double(), 400) != 900


def test_mel_filters_are_slaneys() -> None:
    """Auditory Toolbox, as librosa.filters.mel computes it, written down once more."""
    rate, window, mels = 22050, 2048, 150
    top = 15 + 27 * math.log(rate / 2 / 1000) / math.log(6.4)
    places = np.linspace(0, top, mels + 2)
    edges = np.where(places < 15, places * 200 / 3, 1000 * 6.4 ** ((places - 15) / 27))
    bins = np.linspace(0, rate / 2, window // 2 + 1)
    up = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    down = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    wanted = np.maximum(0, np.minimum(up, down)) * 2 / (edges[2:] - edges[:-2])
    assert np.abs(mel_filters(rate, window, mels).numpy() - wanted).max() < 1e-6


def test_spectral_distances_in_closed_form() -> None:
    clean, dirty = noisy(44100)
    for metric, column in ((StftDistance(), "stft_distance"), (MelDistance(), "mel_distance")):
        assert metric.measure(Pair(clean, clean, rate=44100)) == {column: 0}
        near = metric.measure(Pair(clean, dirty, rate=44100))[column]
        assert near < metric.measure(Pair(clean, -0.2 * dirty, rate=44100))[column]
    # half the level: magnitudes halve, and log10 of their squares falls by 2 log10(2), twice
    loud = clean * 10
    found = StftDistance().measure(Pair(loud, loud / 2, rate=44100))["stft_distance"]
    spectra = [
        torch.stft(loud, w, w // 4, window=torch.hann_window(w), return_complex=True).abs().mean()
        for w in (2048, 512)
    ]
    wanted = float(sum(spectra)) / 2 + 4 * math.log10(2)
    assert found == pytest.approx(wanted, rel=1e-4)
    short = noisy(300)
    assert StftDistance().measure(Pair(*short, rate=44100))["stft_distance"] > 0


def test_speech_metrics_refuse_what_they_cannot_judge() -> None:
    voice = speechlike(2.0)
    damaged = voice + 0.01 * torch.randn(voice.shape, generator=torch.Generator().manual_seed(0))
    values = Stoi().measure(Pair(voice, damaged, rate=16000))
    assert 0.3 < values["stoi"] < 1
    assert Stoi().measure(Pair(voice, voice, rate=16000))["stoi"] == pytest.approx(1, abs=1e-6)
    assert Pesq().measure(Pair(voice, voice, rate=16000))["pesq"] == pytest.approx(4.644, abs=1e-3)
    assert 1 < Pesq().measure(Pair(voice, damaged, rate=16000))["pesq"] < 4.6
    silence = torch.zeros_like(voice)
    with pytest.raises(Unmeasurable) as caught:
        Pesq().measure(Pair(silence, silence, rate=16000))
    assert caught.value.kind == "NoUtterancesError"
    with pytest.raises(Unmeasurable, match="1/4 of a second"):
        Pesq().measure(Pair(voice[:, :800], voice[:, :800], rate=16000))
    for short in (voice[:, :3000], silence, voice[:, :50]):
        with pytest.raises(Unmeasurable):
            Stoi().measure(Pair(short, short, rate=16000))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """The tiny DAC of the contract test, on disk."""
    card = tmp_path / "model" / CARD.name
    card.parent.mkdir()
    card.write_text(CARD.read_text(encoding="utf-8"), encoding="utf-8")
    tok = load_random(CARD)
    for part in tok.card.source:
        save_checkpoint(tok.module, card.parent / part.file, {})
    return card


@pytest.mark.parametrize("reference", ["model", "input"])
def test_the_task_equals_doing_it_by_hand(
    checkpoint: Path, tmp_path: Path, reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "sounds"
    data.mkdir()
    for index in range(2):
        wave, rate = sound(3000 + 500 * index, 8000, index)
        zoo.Media("audio", [torch.from_numpy(wave)[None]], rate=rate).save(data / f"{index}.wav")
    (data / "2.wav").write_bytes(b"RIFF, but no sound")
    words = ["eval", str(checkpoint), "audio_reconstruction", "--data", str(data), "--json"]
    words += ["--reference", reference, "--all-prefixes", "--metrics", "si_sdr,mel,pesq"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["data"]["scored"], result["data"]["failed"]) == (2, 1)
    tok = zoo.load(checkpoint)
    assert [one["prefix"] for one in result["qualities"]] == list(tok.prefixes)
    files = [data / "0.wav", data / "1.wav"]
    seen = tok.view(files) if reference == "model" else zoo.read(files)
    tokens = tok.encode(files)
    for quality in result["qualities"]:
        decoded = tok.decode(tokens.prefix(quality["prefix"]), rate=reference)
        pairs = [Pair(a, b, rate=seen.rate) for a, b in zip(seen.items, decoded.items, strict=True)]
        values = [SiSdr().measure(pair)["si_sdr"] for pair in pairs]
        figures = quality["metrics"]
        assert figures["si_sdr"]["value"] == pytest.approx(np.mean(values), abs=1e-3)
        assert figures["pesq"]["n"] + figures["pesq"]["failed"] == 2
        seconds = 3000 / 8000 + 3500 / 8000
        bits = tokens.prefix(quality["prefix"]).bits().sum()
        assert quality["rate"]["per_second"]["nominal_bits"] == pytest.approx(
            float(bits) / seconds, rel=1e-3
        )
    lost = [one for one in result["data"]["failures"] if one["stage"] == "pesq"]
    assert len(lost) == sum(one["metrics"]["pesq"]["failed"] for one in result["qualities"])
