"""SEED's two published files: read, halved, converted, and what is missing from them named."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from samples import picture
from seed_files import (  # noqa: F401
    CASE,
    EXTRAS,
    case,
    recorded_keys,
    seed_of_two_files,
    two_files,
    upstream,
    write,
)
from seed_files import picture as recorded_picture

import zoo
from zoo.cli import main
from zoo.convert import convert
from zoo.errors import CardError, CheckpointCorruptError, NotSupportedError
from zoo.models.seed.keys import EVA, ORIGINAL
from zoo.tokenizer import Tokenizer
from zoo.weights import metadata, rename


def test_two_files_give_the_recorded_ids(tok: Tokenizer) -> None:
    tokens = tok.encode(recorded_picture())
    assert torch.equal(tokens.codes[:, 0], case().io["codes"])
    found = tok.vectors(tokens, "embedding")
    assert torch.allclose(found.tensor[:, 0], case().io["image_embed"], atol=1e-3)


@pytest.mark.parametrize(
    ("file", "key", "named"),
    [
        ("seed", "quantize.embedding.weight", "quantizer.rows"),
        ("seed", "ln_vision.weight", "encoder.norm.weight"),
        ("vit", "blocks.1.attn.q_bias", "encoder.vit.blocks.1.attn.q_bias"),
        ("vit", "cls_token", "encoder.vit.class_token"),
    ],
)
def test_a_missing_tensor_is_an_error(tmp_path: Path, file: str, key: str, named: str) -> None:
    seed, vit = upstream(load_file(CASE / "state.safetensors"))
    del {"seed": seed, "vit": vit}[file][key]
    path = write(tmp_path, seed=seed, vit=vit)
    with pytest.raises(CheckpointCorruptError, match=f"(?s)missing.*{named}"):
        zoo.load(path)


def test_there_is_no_random_vit(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = path.read_text()
    line = next(line for line in text.splitlines() if "name: vit" in line)
    path.write_text(text.replace(f"{line}\n", ""))
    with pytest.raises(CheckpointCorruptError, match="encoder.vit"):
        zoo.load(path)


def test_every_known_tensor_has_its_rule() -> None:
    drop = {key for key in recorded_keys("seed-tokenizer-2") if rename(key, ORIGINAL) is None}
    assert len(drop) == 50
    assert all(key.startswith(("pos_embed", "blocks.", "Qformer.bert.embeddings")) for key in drop)
    assert all(rename(key, EVA) for key in recorded_keys("eva_vit_g"))
    assert rename("blocks.38.mlp.fc1.bias", EVA) == "encoder.vit.blocks.38.mlp.fc1.bias"
    assert rename("blocks.39.mlp.fc1.bias", EVA) is None


def test_decoding_alone_loads_no_vit(card: Path, tok: Tokenizer, tmp_path: Path) -> None:
    alone = zoo.load(card, only="decode")
    assert alone.module.encoder is None
    ids = case().io["codes_in_random"]
    ours, theirs = alone.tokens(ids), case().io["image_embed_random"]
    assert torch.allclose(alone.vectors(ours).tensor[:, 0], theirs, atol=1e-3)
    assert torch.equal(alone.vectors(ours).tensor, tok.vectors(ours).tensor)
    (card.parent / "eva_vit_g.pth").rename(tmp_path / "away.pth")
    zoo.load(card, only="decode")
    (tmp_path / "away.pth").rename(card.parent / "eva_vit_g.pth")
    encoder = zoo.load(card, only="encode")
    with pytest.raises(NotSupportedError, match="only='encode'"):
        encoder.vectors(ours, "embedding")
    assert encoder.vectors(ours, "codes").tensor.shape == (3, 32, 16)


def test_converting_makes_one_file_with_the_same_ids(
    card: Path, tok: Tokenizer, tmp_path: Path
) -> None:
    vit = card.parent / "eva_vit_g.pth"
    elsewhere = tmp_path / "vit.pth"
    vit.rename(elsewhere)
    folder = tmp_path / "mine"
    assert main(["convert", str(card), str(folder), "--file", f"vit={elsewhere}"]) == 0
    elsewhere.rename(vit)
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "model.safetensors"]
    again = zoo.load(folder)
    assert [(part.name, part.role) for part in again.card.source] == [
        ("seed", "both"),
        ("unclip", "lazy"),
    ]
    assert again.card.source[0].sha256
    images = [picture(61, 83, 0), picture(40, 40, 1)]
    assert again.encode(images) == tok.encode(images)  # spaces are equal too
    left_out = metadata(folder / "model.safetensors")["left_out"].split()
    assert sum(name.startswith("text.") for name in left_out) == EXTRAS
    assert "norm.weight" in left_out
    assert zoo.load(convert(folder, tmp_path / "more")).space == tok.space
    with pytest.raises(NotSupportedError, match="has no part 'eva'"):
        convert(card, tmp_path / "x", files={"eva": vit})


def test_an_unknown_head_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("embedding: 64", "embedding: 64, head: image_up"))
    with pytest.raises(CardError, match="image_up"):
        zoo.load(path)
