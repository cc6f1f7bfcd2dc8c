"""SEED beyond the contract: causality, preprocessing, vectors, language models."""

from pathlib import Path

import pytest
import torch
from samples import picture
from seed_files import case, seed_of_two_files, two_files  # noqa: F401
from seed_files import picture as recorded_picture
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import pil_to_tensor, resize

import zoo
from zoo.errors import TokenError
from zoo.families import family_class
from zoo.loading import build_module, load_random, read_config
from zoo.models.seed.bench import parts
from zoo.models.seed.config import QFormerConfig
from zoo.models.seed.qformer import QFormer
from zoo.tokenizer import Tokenizer


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


def test_decoding_to_the_embedding_needs_30_million_parameters() -> None:
    card = zoo.card("seed-2")
    module = build_module(family_class("seed"), read_config(card, {}), only="decode", meta=True)
    assert all(tensor.is_meta for tensor in (*module.parameters(), *module.buffers()))
    assert round(sum(tensor.numel() for tensor in module.parameters()) / 1e6, 1) == 29.9


def test_its_parts_can_be_timed() -> None:
    tok = load_random(Path(__file__).parent / "cards" / "test-seed.md")
    for call in parts(tok, 2, None).values():  # type: ignore[arg-type]
        assert isinstance(call(), torch.Tensor)
