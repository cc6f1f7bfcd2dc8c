"""TokenFlow's published files: upstream's archive, halves of it, what their cards say."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import yaml
from golden_case import GOLDEN, Case
from golden_tokenflow import configure
from safetensors.torch import load_file
from samples import images
from tokenflow_built import CARDS

import zoo
from zoo.errors import CheckpointCorruptError
from zoo.models.tokenflow.tokenizer import TokenFlow


def card_of(folder: Path, source: Path, **part: object) -> Path:
    """A folder with a card whose numbers are those of a golden case."""
    config = configure(Case(source))
    config = replace(config, image_sizes=config.image_sizes[::-1])  # the larger one is the usual
    text = (CARDS / "test-tokenflow.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    facts = front["zoo"]
    side = config.image_sizes[0]
    sizes = list(config.positions(config.grids[0]))
    plain = json.loads(json.dumps(asdict(config)))
    facts["config"] = {key: value for key, value in plain.items() if value is not None}
    facts["input"]["size"] = [side, side]
    facts["tokens"] = {
        "order": "scales",
        "vocab_sizes": [config.codebook_size],
        "positions": sizes[-1],
        "prefixes": {"axis": "position", "unit": "scales", "sizes": sizes},
    }
    facts["source"] = [{"name": "model", "role": "both", "format": "original", **part}]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump(front)}---\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("wrapper", ["ema", "model", "state_dict"])
def test_upstreams_archive_is_read(tmp_path: Path, wrapper: str) -> None:
    source = GOLDEN / "tokenflow" / "clip_tiny"
    state = load_file(source / "state.safetensors")
    broken = {name: torch.full_like(tensor, 7) for name, tensor in state.items()}
    later = ["ema", "model", "state_dict"]
    later = later[later.index(wrapper) + 1 :]
    torch.save({wrapper: state, **dict.fromkeys(later, broken)}, tmp_path / "a.pt")
    tok = zoo.load(card_of(tmp_path, source, file="a.pt", unwrap=["ema", "model", "state_dict"]))
    assert isinstance(tok, TokenFlow)
    recorded = load_file(source / "io_interpolated.safetensors")
    with torch.inference_mode():
        ids = tok.module.quantizer.encode(tok.module.features(recorded["image"]), (1, 2, 3, 5, 6))
    assert torch.equal(ids, recorded["indices"])


def test_half_of_upstreams_archive_is_enough_for_one_verb(tmp_path: Path) -> None:
    source = GOLDEN / "tokenflow" / "clip_tiny"
    torch.save({"ema": load_file(source / "state.safetensors")}, tmp_path / "a.pt")
    folder = card_of(tmp_path, source, file="a.pt", unwrap=["ema"])
    whole = zoo.load(folder)
    encoder, decoder = zoo.load(folder, only="encode"), zoo.load(folder, only="decode")
    tokens = encoder.encode(images()[0])
    assert tokens == whole.encode(images()[0])
    assert torch.equal(decoder.decode(tokens).tensor, whole.decode(tokens).tensor)
    for kind in whole.vector_kinds:
        rows = decoder.vectors(tokens, kind).tensor
        assert torch.equal(rows, whole.vectors(tokens, kind).tensor)


def test_a_checkpoint_of_the_other_tower_is_refused(tmp_path: Path) -> None:
    other = GOLDEN / "tokenflow" / "siglip_tiny" / "state.safetensors"
    torch.save({"ema": load_file(other)}, tmp_path / "a.pt")
    folder = card_of(tmp_path, GOLDEN / "tokenflow" / "clip_tiny", file="a.pt", unwrap=["ema"])
    with pytest.raises(CheckpointCorruptError, match="missing"):
        zoo.load(folder)


def test_the_enhanced_decoder_shares_its_bases_ids() -> None:
    assert zoo.card("tokenflow-clipb-32k-enhanced").code_space == "tokenflow-clipb-32k/1"
    assert zoo.card("tokenflow").name == "tokenflow-clipb-32k-enhanced"


@pytest.mark.parametrize(
    ("name", "counts"),
    [("tokenflow-clipb-32k-enhanced", [817, 561]), ("tokenflow-siglip-32k", [2227])],
)
def test_official_counts(name: str, counts: list[int]) -> None:
    from zoo.loading import read_config

    card = zoo.card(name)
    config = read_config(card, {})
    assert [config.positions(grid)[-1] for grid in config.grids] == counts
    assert card.tokens.prefixes is not None
    assert card.tokens.prefixes.sizes == config.positions(config.grids[0])
    assert getattr(card.input, "size", None) == (config.image_sizes[0],) * 2
