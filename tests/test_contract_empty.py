"""Items of no positions: a sound of no samples, and of pictures and videos a clear error."""

import pytest
import torch
from every_tokenizer import TOLERANCE, every_tok, some_media  # noqa: F401

import zoo
from zoo.audio_tokenizer import AudioTokenizer
from zoo.errors import TokenError
from zoo.tokenizer import Tokenizer


def none_of(tok: Tokenizer) -> zoo.Tokens:
    return tok.tokens(torch.zeros(1, tok.spec.num_slots, 0, dtype=torch.int64))


def test_no_positions_are_no_samples_and_the_rest_is_decoded(tok: Tokenizer, media: list) -> None:
    if not isinstance(tok, AudioTokenizer) or not tok.can_decode:
        pytest.skip("for what decodes to sound")
    full, empty = tok.encode(media[0]), none_of(tok)
    alone = tok.decode(full).items[0]
    for tokens in (zoo.Tokens.cat([empty, full, full.crop(0, 0)]), full.crop(0, 0), empty):
        decoded, back = tok.decode(tokens), tok.decode(tokens, rate="input")
        for row, length in enumerate(tokens.lengths.tolist()):
            wanted = alone.shape if length else (alone.shape[0], 0)
            assert decoded.items[row].shape == wanted
            assert back.items[row].shape[1] == (len(media[0][0]) if length else 0)
            if length:
                assert float((decoded.items[row] - alone).abs().max()) <= TOLERANCE
    for kind in tok.vector_kinds:
        some, none = tok.vectors(full, kind), tok.vectors(empty, kind)
        assert none.mask.shape == (1, 0)
        assert none.tensor.shape == (1, 0, some.tensor.shape[2])


def test_no_positions_are_no_picture(tok: Tokenizer, media: list) -> None:
    if tok.modality == "audio" or not tok.can_decode:
        pytest.skip("for what decodes to pictures")
    with pytest.raises(TokenError, match="item 0 has 0 positions"):
        tok.decode(tok.encode(media[0]).crop(0, 0) if tok.spec.order == "time" else none_of(tok))


def test_pieces_that_are_all_empty_join(tok: Tokenizer, media: list) -> None:
    if tok.modality != "audio" or tok.spec.crop is None:
        pytest.skip("for tokens that can be cut in time")
    empty = tok.encode(media[0]).crop(0, 0)
    assert zoo.Tokens.join([empty, empty]) == empty
