"""The families that run through transformers, against its bare classes and the files they write."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from samples import sound

import zoo

CARDS = Path(__file__).parent / "cards"


def dac() -> Any:
    from transformers import DacConfig, DacModel

    return DacModel(
        DacConfig(
            encoder_hidden_size=4,
            downsampling_ratios=[2, 4, 5],
            decoder_hidden_size=32,
            n_codebooks=4,
            codebook_size=32,
            codebook_dim=8,
        )
    )


def encodec(**changes: Any) -> Any:
    from transformers import EncodecConfig, EncodecModel

    config = EncodecConfig(
        sampling_rate=8000,
        target_bandwidths=[4.0],
        hidden_size=8,
        num_filters=2,
        upsampling_ratios=[5, 4, 2],
        codebook_size=32,
        **changes,
    )
    assert config.num_quantizers == 4
    return EncodecModel(config)


def musicgen() -> Any:
    """The switches of the 32 kHz model."""
    return encodec(use_causal_conv=False, use_conv_shortcut=False)


def mimi() -> Any:
    from transformers import MimiConfig, MimiModel

    return MimiModel(
        MimiConfig(
            sampling_rate=8000,
            num_filters=4,
            upsampling_ratios=[5, 4, 2],
            hidden_size=32,
            upsample_groups=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            intermediate_size=64,
            sliding_window=20,
            num_quantizers=4,
            codebook_size=64,
            codebook_dim=8,
            vector_quantization_hidden_dimension=8,
        )
    )


MODELS: dict[str, tuple[Callable[[], Any], dict[str, str]]] = {
    "dac": (dac, {}),
    "encodec": (encodec, {}),
    "musicgen": (musicgen, {"causal: true": "causal: false", "shortcut: true": "shortcut: false"}),
    "mimi": (mimi, {}),
}


@pytest.mark.parametrize("name", MODELS)
def test_equals_the_bare_class_and_reads_its_files(name: str, tmp_path: Path) -> None:
    make, changes = MODELS[name]
    torch.manual_seed(0)
    bare = make().eval()
    for key, value in bare.state_dict().items():  # all else would give one id only
        if key.endswith(("codebook.embed", "codebook.embed_sum")):
            value.normal_()
        elif key.startswith("encoder") and key.endswith("weight.original0"):
            value.mul_(3)
    bare.save_pretrained(tmp_path)
    family = {"musicgen": "encodec"}.get(name, name)
    text = (CARDS / f"test-{family}.md").read_text(encoding="utf-8")
    for old, new in {"format: zoo": "format: transformers", **changes}.items():
        assert len(re.findall(old, text)) == 1
        text = text.replace(old, new)
    card = tmp_path / f"{name}.md"
    card.write_text(text, encoding="utf-8")

    tok = zoo.load(card)
    wave = sound(1600, 8000, 0)  # whole positions: no padding of ours
    tokens = tok.encode(wave)
    with torch.inference_mode():
        found = bare.encode(torch.from_numpy(wave[0])[None, None])
        codes = found.audio_codes.reshape(tokens.codes.shape)
        scales = {"audio_scales": found.audio_scales} if family == "encodec" else {}
        decoded = bare.decode(audio_codes=found.audio_codes, **scales).audio_values
    assert torch.equal(tokens.codes, codes)
    ours = tok.decode(tokens, native=True).tensor
    assert torch.allclose(ours, decoded.reshape(ours.shape).clamp(-1, 1), atol=1e-5)
    assert len(tokens.codes.unique()) > 8
