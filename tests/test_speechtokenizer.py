"""What SpeechTokenizer adds to the contract: its semantic slot."""

from functools import cache
from pathlib import Path

import pytest
import torch
from samples import sound

from zoo.errors import NotSupportedError
from zoo.loading import load_random
from zoo.models.speechtokenizer.tokenizer import SpeechTokenizer

CARD = Path(__file__).parent / "cards" / "test-speechtokenizer.md"


@cache
def tiny() -> SpeechTokenizer:
    tok = load_random(CARD)
    assert isinstance(tok, SpeechTokenizer)
    return tok


def test_the_first_slot_is_semantic():
    tok = tiny()
    tokens = tok.encode(sound(2000, 8000, 0))
    assert torch.equal(tokens.slot("semantic"), tokens.codes[:, 0])
    rows = tok.codebook(0)[tokens.slot("semantic")]
    assert torch.allclose(tok.vectors(tokens, "semantic").tensor, tok.module.transform(rows))


def test_leaving_out_the_meaning_is_hearing_the_rest():
    tok = tiny()
    tokens = tok.encode(sound(2000, 8000, 0))
    heard = tok.decode(tokens, skip=1, native=True)
    rest = tok.vectors(tokens).tensor - tok.codebook(0)[tokens.slot("semantic")]
    assert torch.allclose(heard.items[0], tok.module.decoder(rest.mT)[0].clamp(-1, 1), atol=1e-5)
    with pytest.raises(NotSupportedError, match="skip=2 leaves nothing of tokens with 2 codebooks"):
        tok.decode(tokens.prefix(2), skip=2)
