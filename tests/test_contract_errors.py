"""What every tokenizer refuses (design, section 3), and that it names what was wrong."""

from pathlib import Path

import pytest
import torch
from every_tokenizer import every_tok, fast, same, some_media  # noqa: F401

from zoo.errors import MediaError, NotSupportedError, TokenError
from zoo.tokenizer import Tokenizer


def test_foreign_and_impossible_ids_are_refused(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[0])
    with pytest.raises(TokenError, match="code space"):
        tok.decode(tokens.replace(space="someone:else"))
    codes = tokens.codes.clone()
    codes[0, 0, 0] = tok.vocab_sizes[0]
    with pytest.raises(TokenError):
        tok.tokens(codes)
    with pytest.raises(TokenError, match="expected Tokens"):
        tok.decode(tokens.codes)
    with pytest.raises(TokenError):
        tok.encode(media[0], prefix=10**6)


def test_unknown_options_are_named(tok: Tokenizer, media: list) -> None:
    with pytest.raises(NotSupportedError, match="no option 'qualty'"):
        tok.encode(media[0], qualty=3)
    with pytest.raises(NotSupportedError, match="no option 'qualty'"):
        tok.decode(tok.encode(media[0]), qualty=3)
    for option in tok.options:
        assert option.doc
        if option.low is not None:
            verb = tok.encode if option.verb == "encode" else tok.decode
            argument = media[0] if option.verb == "encode" else tok.encode(media[0])
            with pytest.raises(NotSupportedError, match=option.name):
                verb(argument, **{option.name: option.kind(option.low - 1)})


def test_wrong_seeds_noise_and_batch_sizes_are_refused(tok: Tokenizer, media: list) -> None:
    tokens = tok.encode(media[:2])
    for seed in (None, 1.5, "ab", 2**70, [1], [1.5, 2.5]):
        with pytest.raises(NotSupportedError, match="seed"):
            tok.decode(tokens, seed=seed)
    for noise in (torch.zeros(1, 2), torch.zeros(3, 2), torch.full((2, 1), torch.nan), "x"):
        with pytest.raises(NotSupportedError, match="noise"):
            tok.decode(tokens, noise=noise)
    for size in (0, -1, 1.5):
        with pytest.raises(NotSupportedError, match="batch_size"):
            tok.encode(media[:2], batch_size=size)
    given = tok.decode(tokens, seed=torch.tensor([1, 2]), **fast(tok))
    assert same(given, tok.decode(tokens, seed=[1, 2], **fast(tok)))


def test_a_bad_item_is_named(tok: Tokenizer, media: list, tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="item 2 of 2"):
        tok.encode([media[0], tmp_path / "missing.png"])
    with pytest.raises(MediaError):
        tok.encode([])
