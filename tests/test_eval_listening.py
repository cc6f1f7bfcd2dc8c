"""Judges of sound that are networks or heavy packages: skipped where those are not installed."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from samples import sound

import zoo
from zoo.cli import main
from zoo.errors import CheckpointUnavailableError, MediaError, NotSupportedError
from zoo.eval.metrics import Pair, Unmeasurable
from zoo.eval.metrics.speaker import SpeakerSimilarity
from zoo.eval.metrics.wer import WordErrors, normal
from zoo.eval.reconstruction.select import made
from zoo.loading import load_random
from zoo.weights import save_checkpoint

CARD = Path(__file__).parent / "cards" / "test-dac.md"
NARROW = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": (8, 8),
    "conv_kernel": (10, 8),
    "conv_stride": (20, 16),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
}


def voice(seconds: float, rate: int = 16000, level: float = 0.0, seed: int = 0) -> torch.Tensor:
    time = torch.arange(round(seconds * rate)) / rate
    buzz = sum(torch.sin(2 * math.pi * 120 * k * time) / k for k in range(1, 20))
    clean = 0.1 * buzz * torch.sin(2 * math.pi * 2 * time).clamp(min=0) ** 2
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))
    return (clean + level * noise)[None]


@pytest.fixture(scope="module")
def asr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recogniser that babbles: random weights in the form in which CTC models are published."""
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder = tmp_path_factory.mktemp("asr")
    signs = ["<pad>", "<s>", "</s>", "<unk>", "|", "A", "B", "C"]
    (folder / "vocab.json").write_text(json.dumps({sign: n for n, sign in enumerate(signs)}))
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = Wav2Vec2FeatureExtractor(return_attention_mask=False)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    torch.manual_seed(0)
    model = Wav2Vec2ForCTC(Wav2Vec2Config(**NARROW, vocab_size=len(signs)))
    with torch.no_grad():
        model.lm_head.weight.normal_(std=3)
        model.lm_head.bias.copy_(torch.tensor([-9, -99, -99, -99, 0, 0, 0, 0]))
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import Wav2Vec2FeatureExtractor, WavLMConfig, WavLMForXVector

    folder = tmp_path_factory.mktemp("speaker")
    torch.manual_seed(0)
    sizes = {"tdnn_dim": (8, 8), "tdnn_kernel": (3, 1), "tdnn_dilation": (1, 1)}
    config = WavLMConfig(**NARROW, **sizes, xvector_output_dim=8)
    WavLMForXVector(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor().save_pretrained(folder)
    return folder


def test_texts_are_compared_in_one_form() -> None:
    assert normal("  It\u2019s \u201cTEN\u201d o'clock\u2014now_!\n") == "it's ten o'clock now"
    assert normal("\ufb01ve") == "five"


def test_word_errors_equal_counting_by_hand(asr: Path, tmp_path: Path) -> None:
    jiwer = pytest.importorskip("jiwer")
    clean, noisy = voice(1), voice(1, level=0.1)
    metric = WordErrors(asr, None)
    heard = metric.hear([clean[0], noisy[0]])
    assert heard[0]
    same = metric.measure(Pair(clean, clean, rate=16000))
    assert same["wer"] == same["wer_errors"] == 0
    found = metric.measure(Pair(clean, noisy, rate=16000))
    assert found["wer"] == pytest.approx(jiwer.wer(heard[0], heard[1]))
    assert found["wer_words"] == len(heard[0].split())
    (tmp_path / "said.tsv").write_text("one.wav\tA b, ab!\nnone.wav\t...\n")
    metric = WordErrors(asr, tmp_path / "said.tsv")
    found = metric.measure(Pair(clean, noisy, rate=16000, sample="one.wav"))
    assert found["wer"] == pytest.approx(jiwer.wer("a b ab", heard[1]))
    assert found["wer_reference"] == pytest.approx(jiwer.wer("a b ab", heard[0]))
    for sample, message in (("none.wav", "no word"), ("other.wav", "no line")):
        with pytest.raises(Unmeasurable, match=message):
            metric.measure(Pair(clean, noisy, rate=16000, sample=sample))
    with pytest.raises(Unmeasurable):
        WordErrors(asr, None).measure(Pair(clean[:, :100], noisy[:, :100], rate=16000))
    (tmp_path / "said.tsv").write_text("no tab")
    with pytest.raises(MediaError, match=r"said\.tsv:1"):
        WordErrors(asr, tmp_path / "said.tsv")


def test_speakers_are_compared_by_their_vectors(speaker: Path) -> None:
    metric = SpeakerSimilarity(speaker)
    clean, noisy = voice(1), voice(1, level=0.1)
    assert metric.measure(Pair(clean, clean, rate=16000))["speaker"] == pytest.approx(1)
    found = metric.measure(Pair(clean, noisy, rate=16000))["speaker"]
    vectors = []
    for item in (clean, noisy):
        item = (item - item.mean()) / (item.var(correction=0) + 1e-7).sqrt()  # the extractor's
        with torch.no_grad():
            vectors.append(metric.network(item).embeddings[0].numpy())
    wanted = np.dot(*vectors) / np.prod([np.linalg.norm(vector) for vector in vectors])
    assert found == pytest.approx(float(wanted), abs=1e-4)
    assert found < 1 - 1e-4
    assert len(metric.settings["weights_digest"]) == 64
    with pytest.raises(Unmeasurable):
        metric.measure(Pair(clean[:, :50], clean[:, :50], rate=16000))


def test_models_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointUnavailableError, match="--speaker FOLDER"):
        SpeakerSimilarity(None)
    for folder, message in ((tmp_path / "none", "no such folder"), (tmp_path, "--speaker")):
        with pytest.raises(CheckpointUnavailableError, match=message):
            SpeakerSimilarity(folder)

    def wants() -> None:
        raise ModuleNotFoundError("gone", name="ai_edge_litert.interpreter")

    with pytest.raises(NotSupportedError, match=r"visqol.*tokenizer-zoo\[eval-audio\]"):
        made(wants, "visqol_speech")


def test_visqol_falls_with_noise() -> None:
    pytest.importorskip("visqol")
    from zoo.eval.metrics.visqol import Visqol

    metric = Visqol("audio")
    clean = voice(1)
    values = [
        metric.measure(Pair(clean, voice(1, level=level), rate=16000))["visqol"]
        for level in (0, 0.003, 0.1)
    ]
    assert values[0] == pytest.approx(4.732, abs=0.01)  # of identical sounds, as C++ gives
    assert values[0] > values[1] > values[2] >= 1
    for short in (torch.zeros(1, 16000), clean[:, :200]):
        with pytest.raises(Unmeasurable):
            metric.measure(Pair(short, short, rate=16000))


def test_dnsmos_hears_noise() -> None:
    for package in ("onnxruntime", "librosa", "speechmos.dnsmos"):
        pytest.importorskip(package)
    from zoo.eval.metrics.dnsmos import Dnsmos

    clean, noisy = voice(9.02), voice(9.02, level=0.05)  # one window each: it is slow
    found = Dnsmos().measure(Pair(clean, noisy, rate=16000))
    assert set(found) == set(Dnsmos.columns)
    assert all(1 <= value <= 5 for value in found.values())
    assert found["dnsmos_bak"] < found["dnsmos_bak_reference"]
    with pytest.raises(Unmeasurable):
        Dnsmos().measure(Pair(clean, clean * 0, rate=16000))


def test_the_task_takes_models_by_path(
    speaker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "model" / CARD.name
    card.parent.mkdir()
    card.write_text(CARD.read_text(encoding="utf-8"), encoding="utf-8")
    tok = load_random(CARD)
    for part in tok.card.source:
        save_checkpoint(tok.module, card.parent / part.file, {})
    data = tmp_path / "sounds"
    data.mkdir()
    for index, samples in enumerate((8000, 30)):  # the second is too short for any speaker
        wave, rate = sound(samples, 8000, index)
        zoo.Media("audio", [torch.from_numpy(wave)[None]], rate=rate).save(data / f"{index}.wav")
    words = ["eval", str(card), "audio_reconstruction", "--data", str(data), "--json"]
    words += ["--metrics", "speaker"]
    assert main(words) == 1
    assert "--speaker FOLDER" in capsys.readouterr().err
    assert main([*words, "--speaker", str(speaker)]) == 0
    result = json.loads(capsys.readouterr().out)
    figure = result["qualities"][0]["metrics"]["speaker"]
    assert (figure["n"], figure["failed"]) == (1, 1)
    assert [(one["id"], one["stage"]) for one in result["data"]["failures"]] == [
        ("1.wav", "speaker")
    ]
    assert -1 <= figure["value"] <= 1
    assert "WavLMForXVector" in figure["settings"]["model"]
