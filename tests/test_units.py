"""Semantic units: ids from the bare encoders, conversion of k-means, checkpoints without vocoder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from golden_case import GOLDEN
from safetensors.torch import save_file
from samples import sound

import zoo
from zoo.convert import convert
from zoo.errors import CheckpointCorruptError, NotSupportedError

CARD = Path(__file__).parent / "cards" / "test-units.md"
PICKLES = GOLDEN / "units" / "pickles"


def bare(kind: str, large: bool) -> Any:
    from transformers import HubertConfig, HubertModel, WavLMConfig, WavLMModel

    config, model = {"hubert": (HubertConfig, HubertModel), "wavlm": (WavLMConfig, WavLMModel)}[
        kind
    ]
    torch.manual_seed(0)
    return model(
        config(
            hidden_size=16,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=32,
            conv_dim=[16] * 7,
            feat_extract_norm="layer" if large else "group",
            do_stable_layer_norm=large,
            conv_bias=large and kind == "hubert",
        )
    ).eval()


def published(folder: Path, encoder: Any, kind: str, large: bool, **tables: str) -> Path:
    """A card over the files as they are published: an encoder, and pickles of k-means."""
    encoder.save_pretrained(folder)
    text = CARD.read_text(encoding="utf-8")
    vocoder = text.index("    vocoder:")
    text = text[:vocoder] + text[text.index("  input: {") :]
    parts = "".join(
        f"\n    - name: {name}\n      role: both\n      file: {file}\n      format: kmeans"
        for name, file in tables.items()
    )
    for old, new in {
        "name: model": "name: encoder",
        "role: both": "role: encode",
        "format: zoo": f"format: transformers{parts}",
        "kind: hubert": f"kind: {kind}",
        "width: 32": "width: 16",
        "hidden: 64": "hidden: 32",
        "norm: group": f"norm: {'layer' if large else 'group'}",
        "norm_first: false": f"norm_first: {str(large).lower()}",
        "conv_bias: false": f"conv_bias: {str(large and kind == 'hubert').lower()}",
        "layers: [2, 3]": "layers: [1, 3]",
        "clusters: 500": "clusters: 5",
        "size: 500": "size: 5",
        "deterministic_decode": "can_decode: false\n  deterministic_decode",
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    card = folder / "units.md"
    card.write_text(text, encoding="utf-8")
    return card


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("kind", ["hubert", "wavlm"])
def test_ids_are_the_nearest_centroids_of_the_bare_hidden_states(
    kind: str, large: bool, tmp_path: Path
) -> None:
    encoder = bare(kind, large)
    files = {"layer_1": "minibatch.joblib", "layer_3": "kmeans.joblib"}
    for file in files.values():
        (tmp_path / file).write_bytes((PICKLES / file).read_bytes())
    card = published(tmp_path, encoder, kind, large, **files)
    with pytest.raises(NotSupportedError, match=r"'layer_1' is published.*zoo convert units"):
        zoo.load(card)
    tok = zoo.load(convert(card, tmp_path / "ours"))
    tables = [np.load(PICKLES / f"{file.split('.')[0]}.npy") for file in files.values()]
    for slot, table in enumerate(tables):
        assert np.array_equal(tok.codebook(slot).numpy(), table.astype(np.float32))
    for samples in (400, 719, 720, 5000):
        wave, rate = sound(samples, 16000, samples)
        given = torch.nn.functional.layer_norm(torch.from_numpy(wave)[None], (samples,))
        with torch.inference_mode():
            states = encoder(given, output_hidden_states=True).hidden_states
        expected = [
            (torch.cdist(states[layer].double(), torch.from_numpy(table).double()[None])).argmin(-1)
            for layer, table in zip((1, 3), tables, strict=True)
        ]
        tokens = tok.encode((wave, rate))
        assert torch.equal(tokens.codes, torch.stack(expected, dim=1))
        assert tokens.codes.shape[2] == (samples - 400) // 320 + 1
        hidden = tok.features((wave, rate)).tensor
        assert torch.allclose(hidden, torch.cat([states[1], states[3]], -1), atol=1e-5)
        assert tok.encode((wave, rate), prefix=1) == tokens.prefix(1)
    with pytest.raises(NotSupportedError, match="no vocoder"):
        tok.decode(tokens)


def test_a_table_alone_is_welcome_and_a_wrong_one_named(tmp_path: Path) -> None:
    files = {"layer_1": "minibatch.npy", "layer_3": "kmeans.npy"}
    for file in files.values():
        (tmp_path / file).write_bytes((PICKLES / file).read_bytes())
    card = published(tmp_path, bare("hubert", False), "hubert", False, **files)
    tok = zoo.load(convert(card, tmp_path / "ours"))
    assert np.array_equal(tok.codebook(0).numpy(), np.load(PICKLES / "minibatch.npy"))
    np.save(tmp_path / "kmeans.npy", np.zeros((4, 16), np.float32))
    with pytest.raises(CheckpointCorruptError, match=r"centers\.3"):
        convert(card, tmp_path / "again")
    save_file({"a": torch.zeros(1)}, tmp_path / "kmeans.npy")
    with pytest.raises(CheckpointCorruptError, match="refused"):
        convert(card, tmp_path / "again")
    assert not (tmp_path / "again" / "README.md").exists()


def test_short_sounds_are_one_window_and_come_back() -> None:
    from zoo.loading import load_random

    tok = load_random(CARD)
    for samples in (1, 399, 400, 719):
        tokens = tok.encode(sound(samples, 16000, 0))
        assert tokens.lengths.tolist() == [1]
        assert tok.decode(tokens).tensor.shape == (1, 1, samples)
        assert tok.decode(tokens, native=True).tensor.shape == (1, 1, 320)
