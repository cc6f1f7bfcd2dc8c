"""What WavTokenizer adds to the contract: norms and attention over the clip, bandwidths."""

from functools import cache
from pathlib import Path

import torch
from samples import sound
from torch.nn.attention import SDPBackend, sdpa_kernel

from zoo.loading import load_random
from zoo.models.wavtokenizer.mixing import GROUPS, Attention, ClipNorm
from zoo.models.wavtokenizer.tokenizer import WavTokenizer

CARD = Path(__file__).parent / "cards" / "test-wavtokenizer.md"


@cache
def tiny() -> WavTokenizer:
    tok = load_random(CARD)
    assert isinstance(tok, WavTokenizer)
    return tok


def test_decoding_sees_the_whole_clip():
    tok = tiny()
    tokens = tok.encode(sound(2000, 8000, 0))
    other = tokens.codes.clone()
    other[..., -1] = (other[..., -1] + 1) % 64
    changed = tok.decode(tokens.replace(codes=other)).tensor - tok.decode(tokens).tensor
    assert bool(changed[..., :40].any())


def test_attention_is_the_softmax_of_all_scores():
    torch.manual_seed(0)
    layer, x = Attention(GROUPS), torch.randn(2, GROUPS, 9)
    normed = layer.norm(x)
    query, key, value = layer.q(normed), layer.k(normed), layer.v(normed)
    weights = torch.softmax(query.mT @ key / GROUPS**0.5, dim=-1)  # [item, query, key]
    expected = x + layer.proj_out(value @ weights.mT)
    assert torch.allclose(layer(x), expected, atol=1e-5)


def test_attention_never_writes_its_scores_down():
    layer, x = Attention(GROUPS), torch.randn(2, GROUPS, 9)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION), torch.no_grad():  # fails where it cannot
        layer(x)
        layer(x, torch.tensor([9, 4]))


def test_statistics_are_those_of_each_item():
    torch.manual_seed(0)
    layer = ClipNorm(2 * GROUPS)
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    x, lengths = torch.randn(3, 2 * GROUPS, 9) * 3 + 1, torch.tensor([9, 1, 4])
    together = layer(x, lengths)
    for item, one, length in zip(together, x, lengths, strict=True):
        alone = layer(one[None, :, :length])[0]
        assert torch.allclose(item[:, :length], alone, atol=1e-5)


def test_a_bandwidth_is_a_row_of_the_norms():
    tok = load_random(CARD)
    tokens = tok.encode(sound(400, 8000, 0))
    usual = tok.decode(tokens).tensor
    assert torch.equal(usual, tok.decode(tokens, bandwidth=2).tensor)  # rows are alike at birth
    for name, parameter in tok.module.named_parameters():
        if name.endswith(("scale.weight", "shift.weight")):
            parameter[2] += 0.5
    assert torch.equal(usual, tok.decode(tokens).tensor)
    assert not torch.equal(usual, tok.decode(tokens, bandwidth=2).tensor)
