"""What every tokenizer promises of ids (design, section 3): alone as in a batch, whole as cut."""

from pathlib import Path

import pytest
import torch
from every_tokenizer import every_tok, fast, same, some_media, some_prefixes  # noqa: F401

import zoo
from zoo.tokenizer import Tokenizer


def test_tokens_fit_their_spec(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media)
    assert len(tokens) == len(media)
    assert tokens.spec == tok.spec
    assert tokens.space == tok.space
    assert tokens.codes.dtype == torch.int64
    for slot, size in enumerate(tok.vocab_sizes):
        ids = tokens.codes[:, slot]
        assert ids.max() < size
    assert tokens.made_by["checkpoint"] == tok.name
    if tok.positions is not None:
        assert tokens.lengths.tolist() == tok.count(media) == [tok.positions] * len(media)


def test_an_items_ids_are_those_it_gets_alone(tok: Tokenizer, media: list) -> None:
    together = tok.encode(media)
    alone = [tok.encode(item) for item in media]
    assert together == zoo.Tokens.cat(alone)
    assert together == tok.encode(media, batch_size=1)
    assert tok.encode(media[::-1]) == together[list(range(len(media)))[::-1]]


def test_encoding_a_prefix_equals_cutting_it(tok: Tokenizer, media: list) -> None:
    full = tok.encode(media)
    for k in some_prefixes(tok):
        assert tok.encode(media, prefix=k) == full.prefix(k)


def test_bits_grow_with_the_prefix(tok: Tokenizer, media: list) -> None:
    full = tok.encode(media[0])
    bits = [float(full.prefix(k).bits()) for k in some_prefixes(tok)]
    assert bits == sorted(set(bits))
    if tok.positions is not None:
        assert bits == pytest.approx([tok.prefixes[k] for k in some_prefixes(tok)])


def test_ids_survive_a_language_model(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:2])
    top = 1000 + sum(tok.vocab_sizes)
    streams = tokens.ids(offset=1000, begin=top, end=top + 1)
    back = tok.from_ids(streams, offset=1000, begin=top, end=top + 1)
    assert torch.equal(back.codes, tokens.codes)


def test_a_file_of_tokens_decodes_the_same(tok: Tokenizer, media: list, tmp_path: Path) -> None:
    tokens = tok.encode(media[:2])
    for packed in (False, True):
        tokens.save(tmp_path / "a file.safetensors", packed=packed)
        read = zoo.Tokens.load(tmp_path / "a file.safetensors")
        assert read == tokens
        assert read.origin == tokens.origin
    assert same(tok.decode(read, **fast(tok)), tok.decode(tokens, **fast(tok)))
