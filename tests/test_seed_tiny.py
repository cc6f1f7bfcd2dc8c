"""The bundled SEED: its ids are causal, and it stands in for no other checkpoint."""

import pytest
import torch
from samples import picture

import zoo
from zoo.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tiny() -> Tokenizer:
    return zoo.load("seed-tiny")


@torch.inference_mode()
def test_trained_ids_depend_on_no_later_query(tiny: Tokenizer) -> None:
    encoder, quantizer = tiny.module.encoder, tiny.module.quantizer
    prepared = [tiny.prepare(picture(80, 60, seed)).tensor for seed in range(4)]
    images = tiny.normalized(torch.stack(prepared))
    image, original = encoder.patches(images), encoder.qformer.queries.clone()
    before = quantizer.ids(encoder.head(encoder.qformer(image)))
    for cut in (1, 9, 20, 31):
        noise = torch.randn(1, 32 - cut, original.shape[-1], generator=torch.manual_seed(cut))
        encoder.qformer.queries[:, cut:] += 3 * noise
        after = quantizer.ids(encoder.head(encoder.qformer(image)))
        assert torch.equal(after[:, :cut], before[:, :cut])
        assert not torch.equal(after[:, cut:], before[:, cut:])
        encoder.qformer.queries.copy_(original)


def test_it_is_no_stand_in_for_the_official_one() -> None:
    assert zoo.card("seed").name == "seed-2"
    assert zoo.card("seed-tiny").aliases == ()
    assert zoo.card("seed-tiny").space != zoo.card("seed-2").space


def test_its_vectors_have_the_kinds_of_the_family(tiny: Tokenizer) -> None:
    tokens = tiny.encode(picture(64, 64, 0))
    shapes = {kind: tuple(tiny.vectors(tokens, kind).tensor.shape) for kind in tiny.vector_kinds}
    assert shapes["embedding"] == (1, 1, tiny.config.decoder.embedding)
    assert shapes["codes"] == (1, 32, tiny.config.codebook[1])
    assert shapes["tokens"] == (1, 32, tiny.config.qformer.width)
