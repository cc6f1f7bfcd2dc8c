"""TokenFlow beyond the contract: each branch runs alone, and in half precision."""

import pytest
import torch
from samples import images
from tokenflow_built import clip_tokenflow, without  # noqa: F401

from zoo.errors import NotSupportedError
from zoo.models.tokenflow.bench import parts
from zoo.models.tokenflow.tokenizer import TokenFlow


def test_pixels_do_not_run_the_semantic_decoder_nor_the_reverse(tok: TokenFlow) -> None:
    tokens = tok.encode(images()[0])
    pixels = without(tok, "semantic_decoder").decode(tokens)
    assert torch.equal(pixels.tensor, tok.decode(tokens).tensor)
    rows = without(tok, "pixel_decoder").vectors(tokens, "semantic").tensor
    assert torch.equal(rows, tok.vectors(tokens, "semantic").tensor)
    bare = without(tok, "pixel_decoder", "semantic_decoder")
    for kind in ("codes", "grid", "next_scale"):
        assert bare.vectors(tokens, kind).mask.all()


def test_features_run_their_own_encoder(tok: TokenFlow) -> None:
    item = images()[0]
    shapes = {kind: list(tok.features(item, kind).tensor.shape[1:]) for kind in tok.feature_kinds}
    assert shapes == {"unquantized": [36, 12], "semantic": [36, 64], "pixel": [36, 16]}
    without(tok, "pixel_encoder").features(item, "semantic")
    without(tok, "semantic_encoder").features(item, "pixel")


def test_semantic_vectors_need_the_decoder(tok: TokenFlow) -> None:
    tokens = tok.encode(images()[0])
    encoder = TokenFlow(tok.card, tok.config, tok.module, only="encode")
    with pytest.raises(NotSupportedError, match="only='encode'"):
        encoder.vectors(tokens, "semantic")
    assert encoder.vectors(tokens, "grid").tensor.shape == (1, 36, 12)


def test_half_precision_networks_keep_a_full_precision_quantiser(tok: TokenFlow) -> None:
    half = without(tok)
    half.to(dtype=torch.bfloat16)
    tokens = half.encode(images())
    assert half.module.quantizer.table().dtype == torch.float32
    assert torch.isfinite(half.decode(tokens, native=True).tensor).all()
    assert tokens.grid is not None
    for kind in half.vector_kinds:
        assert torch.isfinite(half.vectors(tokens, kind).tensor.float()).all()


def test_the_parts_that_are_timed_run(tok: TokenFlow) -> None:
    found = parts(tok, 1, 2)
    assert "quantiser, 2 scales" in found
    with torch.inference_mode():
        for call in found.values():
            call()
