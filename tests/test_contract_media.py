"""What every tokenizer promises of decoding (design, section 3): sizes, batches, noise."""

import pytest
import torch
from every_tokenizer import TOLERANCE, every_tok, fast, same, some_media, some_prefixes  # noqa: F401

from zoo.tokenizer import Tokenizer


def test_decoding_gives_back_the_part_the_model_saw(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media)
    decoded = tok.decode(tokens, **fast(tok))
    assert len(decoded) == len(media)
    for item, origin in zip(decoded.items, tokens.origin, strict=True):
        assert origin is not None
        if tok.modality == "image":
            assert origin.rect is not None
            assert tuple(item.shape[1:]) == origin.rect[2:]
        elif tok.modality == "video":
            assert origin.rect is not None
            assert tuple(item.shape[2:]) == origin.rect[2:]
            assert len(item) == origin.out_samples
        elif tok.modality == "audio":
            assert item.shape[1] == origin.out_samples
        assert bool(torch.isfinite(item).all())
        assert float(item.min()) >= (-1 if tok.modality == "audio" else 0)
        assert float(item.max()) <= 1
    native = tok.decode(tokens, native=True, **fast(tok))
    if tok.output_size is not None:
        assert {tuple(item.shape[-2:]) for item in native.items} == {tok.output_size}


def test_the_view_is_what_the_model_sees(tok: Tokenizer, media: list) -> None:
    view = tok.view(media)
    assert torch.equal(tok.encode(view).codes, tok.encode(media).codes)
    if tok.input_size is not None:
        assert {tuple(item.shape[-2:]) for item in view.items} == {tok.input_size}


def test_every_kind_of_prefix_decodes_in_one_batch(tok: Tokenizer, media: list) -> None:
    ks = some_prefixes(tok)
    if not ks:
        pytest.skip("this family has no prefixes")
    full = tok.encode([media[0]] * len(ks))
    mixed = tok.decode(full.prefix(ks), **fast(tok))
    alone = [tok.decode(full[i].prefix(k), **fast(tok)) for i, k in enumerate(ks)]
    for i, one in enumerate(alone):
        assert same(mixed[i], one, TOLERANCE)


def test_ids_matter_to_decoding(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[0])
    other = tok.tokens(
        (tokens.codes + 1) % torch.tensor(tok.vocab_sizes)[:, None],
        grid=tokens.grid,
        **dict(tokens.extras),
    )
    decoded = tok.decode(tokens, native=True, **fast(tok))
    assert not same(decoded, tok.decode(other, native=True, **fast(tok)))


def test_noise_depends_on_the_items_seed_alone(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:3])
    base = tok.decode(tokens, seed=[5, 6, 7], **fast(tok))
    assert same(base, tok.decode(tokens, seed=[5, 6, 7], **fast(tok)))
    for i, seed in enumerate((5, 6, 7)):
        assert same(base[i], tok.decode(tokens[i], seed=seed, **fast(tok)), TOLERANCE)
    if not tok.deterministic_decode:
        assert not same(base[0], tok.decode(tokens[0], seed=8, **fast(tok)), TOLERANCE)


def test_ids_from_anywhere_decode_at_the_models_size(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[0])
    made = tok.tokens(tokens.codes.tolist(), grid=tokens.grid, **dict(tokens.extras))
    native = tok.decode(tokens, native=True, **fast(tok))
    assert same(tok.decode(made, **fast(tok)), native)
