"""Codecs with a speech encoder inside, against transformers' bare classes with their extractors."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from golden_case import GOLDEN, Case
from golden_fused import config_of
from samples import sound

import zoo
from zoo.families import family_class

CARDS = Path(__file__).parent / "cards"


def speech(kind: str) -> Any:
    from transformers import HubertConfig, WavLMConfig

    return {"hubert": HubertConfig, "wavlm": WavLMConfig}[kind](
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        conv_dim=[16] * 7,
    )


def dac(strides: list[int]) -> dict[str, Any]:
    return {
        "encoder_hidden_size": 4,
        "downsampling_ratios": strides,
        "upsampling_ratios": strides,
        "decoder_hidden_size": 32,
        "hidden_size": 16,
    }


def xcodec(kind: str = "hubert") -> Any:
    from transformers import DacConfig, XcodecConfig, XcodecModel

    return XcodecModel(
        XcodecConfig(
            target_bandwidths=[0.3, 0.9, 1.2],
            codebook_size=64,
            acoustic_model_config=DacConfig(**dac([8, 5, 4, 2])),
            semantic_model_config=speech(kind),
        )
    )


def higgs() -> Any:
    from transformers import DacConfig, HiggsAudioV2TokenizerConfig, HiggsAudioV2TokenizerModel

    return HiggsAudioV2TokenizerModel(
        HiggsAudioV2TokenizerConfig(
            target_bandwidths=[0.15, 0.45, 0.6],
            codebook_size=64,
            codebook_dim=8,
            acoustic_model_config=DacConfig(**dac([8, 5, 4, 2, 3])),
            semantic_model_config=speech("hubert"),
        )
    )


FUSED: dict[str, tuple[str, Callable[[], Any], dict[str, str]]] = {
    "xcodec": ("xcodec", xcodec, {}),
    "xcodec-wavlm": ("xcodec", lambda: xcodec("wavlm"), {"kind: hubert": "kind: wavlm"}),
    "higgs": ("higgs", higgs, {}),
}


def written(bare: Any, name: str, family: str, changes: dict[str, str], folder: Path) -> Any:
    """The bare model's own file, read through a card."""
    bare.save_pretrained(folder)
    text = (CARDS / f"test-{family}.md").read_text(encoding="utf-8")
    for old, new in {"format: zoo": "format: transformers", **changes}.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    card = folder / f"{name}.md"
    card.write_text(text, encoding="utf-8")
    return zoo.load(card)


@pytest.mark.parametrize("name", FUSED)
def test_fused_codecs_equal_the_bare_classes(name: str, tmp_path: Path) -> None:
    from transformers import DacFeatureExtractor

    family, make, changes = FUSED[name]
    torch.manual_seed(0)
    bare = make().eval()
    for level in bare.quantizer.quantizers:  # all else would give one id only
        level.codebook.embed.normal_()
    for layer_name, weight in bare.named_parameters():
        if layer_name.endswith(("fc.weight", "project_in.weight")):
            weight.data.mul_(30)
    tok = written(bare, name, family, changes, tmp_path)
    rate, hop = tok.sample_rate, tok.config.hop
    extract = DacFeatureExtractor(sampling_rate=rate, hop_length=hop)
    seen = set()
    for samples in (1, hop - 1, hop, 3 * hop + 7, 4500):
        wave = sound(samples, rate, samples)
        values = extract(wave[0], sampling_rate=rate, return_tensors="pt")["input_values"]
        bandwidths = bare.config.target_bandwidths
        known = list(zip(bandwidths, (1, 3, 4), strict=True))
        for bandwidth, count in known if samples == hop else known[-1:]:
            with torch.inference_mode():
                codes = bare.encode(values, bandwidth).audio_codes
                decoded = bare.decode(codes).audio_values
            tokens = tok.encode(wave, prefix=count)
            assert torch.equal(tokens.codes, codes)
            seen |= set(codes.unique().tolist())
            ours = tok.decode(tokens, native=True).tensor
            assert torch.allclose(ours, decoded.clamp(-1, 1), atol=1e-5)
        assert tok.decode(tokens).tensor.shape == (1, 1, samples)
    assert len(seen) > 20


def grid(name: str) -> Any:
    from transformers import (
        NeuCodecConfig,
        NeuCodecModel,
        Wav2Vec2BertConfig,
        Xcodec2Config,
        Xcodec2Model,
    )

    kinds = {
        "xcodec2": (Xcodec2Model, Xcodec2Config),
        "neucodec": (NeuCodecModel, NeuCodecConfig),
    }
    model, config = kinds[name]
    return model(
        config(
            encoder_hidden_size=4,
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            head_dim=16,
            intermediate_size=64,
            quantization_dim=96,
            semantic_model_config=Wav2Vec2BertConfig(
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                intermediate_size=64,
            ),
        )
    )


@pytest.mark.parametrize("name", ["xcodec2", "neucodec"])
def test_grid_codecs_equal_the_bare_classes(name: str, tmp_path: Path) -> None:
    from transformers import NeuCodecFeatureExtractor, Xcodec2FeatureExtractor

    torch.manual_seed(0)
    bare = grid(name).eval()
    for layer in (bare.fc_encoder, bare.quantizer.project_in, bare.quantizer.project_out):
        layer.weight.data.normal_()  # all else would give one id only
    tok = written(bare, name, name, {}, tmp_path)
    extract = {"xcodec2": Xcodec2FeatureExtractor, "neucodec": NeuCodecFeatureExtractor}[name]()
    seen = set()
    for samples in (1, 319, 320, 959, 4500)[2 * (name == "neucodec") :]:
        wave = sound(samples, 16000, samples)
        inputs = extract(wave[0], sampling_rate=16000, return_tensors="pt")
        with torch.inference_mode():
            codes = bare.encode(**inputs).audio_codes.long()
            decoded = bare.decode(codes).audio_values
        tokens = tok.encode(wave)
        assert torch.equal(tokens.codes, codes)
        assert tok.count(wave) == [codes.shape[-1]]
        seen |= set(codes.unique().tolist())
        ours = tok.decode(tokens, native=True)
        assert torch.allclose(ours.tensor, decoded.clamp(-1, 1), atol=1e-5)
        rate = ours.rate
        assert rate == {"xcodec2": 16000, "neucodec": 24000}[name]
        assert tok.decode(tokens).tensor.shape == (1, 1, round(samples * rate / 16000))
        assert tok.decode(tokens, rate="input").tensor.shape == (1, 1, samples)
        latents = bare.quantizer.from_codes(codes.transpose(1, 2))
        assert torch.allclose(tok.vectors(tokens).tensor, latents, atol=1e-5)
    assert len(seen) > 10


def test_neucodec_hears_less_than_a_hop_as_one() -> None:
    """Where upstream has no position, and no answer."""
    from zoo.loading import load_random

    tok = load_random(CARDS / "test-neucodec.md")
    wave, rate = sound(100, 16000, 0)
    tokens = tok.encode((wave, rate))
    padded = torch.nn.functional.pad(torch.from_numpy(wave), (0, 220)).numpy()
    assert torch.equal(tokens.codes, tok.encode((padded, rate)).codes)
    assert tokens.codes.shape == (1, 1, 1)
    assert tok.decode(tokens).tensor.shape == (1, 1, 150)


@pytest.mark.parametrize("place", ["xcodec/hubert", "xcodec/wavlm", "higgs/main"])
def test_the_authors_own_files_give_the_recorded_ids(place: str, tmp_path: Path) -> None:
    family = place.split("/")[0]
    case = Case(GOLDEN / place)
    kind = family_class(family).config_type
    more = {"codebook_dim": case.config["codebook_dim"]} if family == "higgs" else {}
    front = yaml.safe_load((CARDS / f"test-{family}.md").read_text("utf-8").split("---")[1])
    front["zoo"]["config"] = asdict(config_of(case, kind, **more))
    front["zoo"]["source"][0] |= {"file": "weights.pth", "format": "original"}
    (tmp_path / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n", encoding="utf-8")
    torch.save(case.state, tmp_path / "weights.pth")

    tok = zoo.load(tmp_path)
    assert tok.sample_rate is not None
    tokens = tok.encode([(one[0].numpy(), tok.sample_rate) for one in case.io["audio"]])
    codes = case.io["codes"].transpose(0, 1) if case.config["slots_first"] else case.io["codes"]
    assert torch.equal(tokens.codes, codes)
    decoded = tok.decode(tokens, native=True).tensor
    assert torch.allclose(decoded, case.io["decoded"].clamp(-1, 1), atol=1e-4)
