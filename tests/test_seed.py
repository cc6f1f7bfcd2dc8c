"""SEED beyond the contract: causality, two files, preprocessing, vectors, language models."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from samples import picture
from seed_files import CASE, EXTRAS, case, recorded_keys, upstream, write
from seed_files import picture as recorded_picture
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import pil_to_tensor, resize

import zoo
from zoo.cli import main
from zoo.convert import convert
from zoo.errors import CardError, CheckpointCorruptError, NotSupportedError, TokenError
from zoo.families import family_class
from zoo.loading import build_module, load_random, read_config
from zoo.models.seed.bench import parts
from zoo.models.seed.config import QFormerConfig
from zoo.models.seed.keys import EVA, ORIGINAL
from zoo.models.seed.qformer import QFormer
from zoo.tokenizer import Tokenizer
from zoo.weights import metadata, rename


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("seed"))


@pytest.fixture(scope="module")
def tok(card: Path) -> Tokenizer:
    return zoo.load(card)


# two files


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


# causality


@torch.inference_mode()
def test_ids_depend_on_no_later_query(tok: Tokenizer) -> None:
    image, qformer = tok.module.encoder.patches(case().io["image"]), tok.module.encoder.qformer
    before = tok.module.quantizer.ids(tok.module.encoder.head(qformer(image)))
    original = qformer.queries.clone()
    for cut in (1, 20, 31):
        qformer.queries[:, cut:] += torch.randn(1, 32 - cut, 96, generator=torch.manual_seed(cut))
        after = tok.module.quantizer.ids(tok.module.encoder.head(qformer(image)))
        assert torch.equal(after[:, :cut], before[:, :cut])
        assert not torch.equal(after[:, cut:], before[:, cut:])
        qformer.queries.copy_(original)


@pytest.mark.parametrize("queries", [5, 32, 33])
@torch.inference_mode()
def test_causality_is_a_choice_at_any_number_of_queries(queries: int) -> None:
    torch.manual_seed(0)
    size = QFormerConfig(16, 2, 2, 32)
    for causal in (True, False):
        qformer = QFormer(size, queries=queries, image_width=8, causal=causal)
        image = torch.randn(1, 6, 8)
        before = qformer(image)
        qformer.queries[:, -1] += 1.0
        assert torch.equal(qformer(image)[:, :-1], before[:, :-1]) is causal


# media


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_images_are_squashed_as_torchvision_does(tok: Tokenizer, interpolation: str) -> None:
    image = picture(61, 83, 0)
    mode = InterpolationMode(interpolation)
    expected = pil_to_tensor(resize(image, [56, 56], mode))
    chosen = {} if interpolation == "bicubic" else {"interpolation": interpolation}
    assert torch.equal(tok.view(image, **chosen).items[0], expected)


def test_the_two_preprocessings_are_two_sequences(tok: Tokenizer) -> None:
    image = picture(300, 200, 4)
    assert tok.encode(image) == tok.encode(image, interpolation="bicubic")
    assert (
        tok.encode(image).codes.tolist()
        != tok.encode(image, interpolation="bilinear").codes.tolist()
    )


def test_ids_of_narrow_weights_are_mostly_the_same(card: Path, tok: Tokenizer) -> None:
    images = [picture(61, 83, seed) for seed in range(4)]
    expected = tok.encode(images).codes
    for dtype in (torch.bfloat16, torch.float16):
        narrow = zoo.load(card, dtype=dtype)
        assert narrow.encode(images).codes.eq(expected).float().mean() > 0.8
        assert narrow.vectors(narrow.encode(images)).tensor.dtype == dtype


# vectors and language models


def test_vectors_are_upstreams(tok: Tokenizer) -> None:
    recorded = case().io
    tokens = tok.tokens(recorded["codes"])
    assert torch.equal(tok.vectors(tokens, "codes").tensor, recorded["quantized"])
    for kind, name in {"tokens": "query_output_up", "embedding": "image_embed"}.items():
        found = tok.vectors(tokens, kind).tensor
        assert torch.allclose(found.reshape(recorded[name].shape), recorded[name], atol=1e-3)
    assert tok.codebook().shape == (512, 16)
    batch = recorded_picture()
    for kind, name in {"queries": "qformer_layer3", "unquantized": "pre_quant"}.items():
        assert torch.allclose(tok.features(batch, kind).tensor, recorded[name], atol=1e-4)


def test_batches_of_embeddings_are_those_of_single_images(tok: Tokenizer) -> None:
    tokens = tok.tokens(torch.randint(512, (5, 32), generator=torch.manual_seed(0)))
    alone = torch.cat([tok.vectors(one).tensor for one in tokens])
    assert torch.allclose(tok.vectors(tokens).tensor, alone, atol=1e-5)


def test_the_layout_of_seed_llama_falls_out(tok: Tokenizer) -> None:
    marks = {"begin": 32000 + 512, "end": 32000 + 513}
    tokens = tok.encode(recorded_picture())
    streams = tokens.ids(offset=32000, **marks)
    first = streams[0].tolist()
    assert first[0] == marks["begin"]
    assert first[-1] == marks["end"]
    assert first[1:-1] == [32000 + code for code in case().io["codes"][0].tolist()]
    assert torch.equal(tok.from_ids(streams, offset=32000, **marks).codes, tokens.codes)
    for wrong, said in (
        (first[:20] + first[21:], "31 ids"),
        ([*first[:5], 31999, *first[6:]], "id 31999 at place 5"),
        ([*first[:5], 32514, *first[6:]], "id 32514 at place 5"),
    ):
        with pytest.raises(TokenError, match=said):
            tok.from_ids([wrong], offset=32000, **marks)


def test_no_prefix_decodes(tok: Tokenizer) -> None:
    assert tok.prefixes == {}
    with pytest.raises(TokenError, match="no prefixes"):
        tok.encode(recorded_picture(), prefix=16)
    with pytest.raises(TokenError):
        tok.tokens([1] * 31)


# the official size


def test_decoding_to_the_embedding_needs_30_million_parameters() -> None:
    card = zoo.card("seed-2")
    module = build_module(family_class("seed"), read_config(card, {}), only="decode", meta=True)
    assert all(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))
    assert round(sum(tensor.numel() for tensor in module.parameters()) / 1e6, 1) == 29.9


def test_its_parts_can_be_timed() -> None:
    tok = load_random(Path(__file__).parent / "cards" / "test-seed.md")
    for call in parts(tok, 2, None).values():  # type: ignore[arg-type]
        assert isinstance(call(), torch.Tensor)
