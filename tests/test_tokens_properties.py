"""What holds for any Tokens: round trips, and cuts that add up."""

import pickle
import tempfile
from pathlib import Path

import torch
from any_tokens import batches, holds_for, qualities, still_specs, time_specs
from hypothesis import strategies as st

from zoo.tokens import Tokens, TokenSpec


@holds_for(batches(), st.booleans())
def test_save_and_load(tokens, packed):
    with tempfile.TemporaryDirectory() as folder:
        tokens.save(Path(folder) / "t", packed=packed)
        again = Tokens.load(Path(folder) / "t")
    assert again == tokens
    assert again.made_by == tokens.made_by


@holds_for(batches())
def test_pickle(tokens):
    assert pickle.loads(pickle.dumps(tokens)) == tokens


@holds_for(time_specs() | still_specs())
def test_specs_round_trip(spec):
    assert TokenSpec.from_dict(spec.to_dict()) == spec


@holds_for(batches(), st.integers(1, 4))
def test_padding_does_not_matter(tokens, more):
    codes = torch.nn.functional.pad(tokens.codes, (0, more), value=2**40)
    extras = {}
    for extra in tokens.spec.extras:
        extras[extra.name] = tokens.extras[extra.name]
        if "position" in extra.axes:
            extras[extra.name] = torch.nn.functional.pad(extras[extra.name], (0, more), value=9)
        elif "segment" in extra.axes:
            extras.pop(extra.name)
            return
    assert tokens.replace(codes=codes, lengths=tokens.lengths, extras=extras) == tokens


@holds_for(batches(), st.integers(0, 4))
def test_slices_and_cat(tokens, at):
    assert Tokens.cat([tokens[:at], tokens[at:]]) == tokens
    assert len(tokens) == 0 or Tokens.cat(tokens) == tokens
    assert tokens[::-1][::-1] == tokens


@holds_for(batches(time_specs()), st.lists(st.integers(0, 5), max_size=3))
def test_crop_and_join(tokens, cuts):
    ends = [0, *sorted(tokens.spec.crop * cut for cut in cuts), None]
    pieces = [tokens.crop(a, b) for a, b in zip(ends, ends[1:], strict=False)]
    joined = Tokens.join(pieces)
    assert joined == tokens
    assert joined.made_by == tokens.made_by
    torch.testing.assert_close(sum(piece.bits() for piece in pieces), tokens.bits())


@holds_for(batches(time_specs()), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_crop_of_crop(tokens, start, first, length):
    step = tokens.spec.crop
    outer = tokens.crop(start * step, (start + first + length) * step)
    inner = tokens.crop((start + first) * step, (start + first + length) * step)
    assert torch.equal(outer.crop(first * step).codes, inner.codes)


@holds_for(batches(), st.randoms(use_true_random=False))
def test_prefix_of_prefix(tokens, random):
    if tokens.spec.prefixes is None:
        return
    some = qualities(tokens, random)
    cut = tokens.prefix(some)
    fewer = qualities(cut, random)
    assert cut.prefix(fewer) == tokens.prefix(fewer)
    assert cut.prefix(some) == cut
    assert bool((cut.bits() <= tokens.bits()).all())
    if len(tokens):
        alone = [one.prefix(k) for one, k in zip(tokens, some, strict=True)]
        assert Tokens.cat(alone) == cut


@holds_for(batches(), batches())
def test_bits_add_up(one, two):
    both = Tokens.cat([one, one])
    assert torch.equal(both.bits(), torch.cat([one.bits()] * 2))
    assert torch.equal(both.extra_bits(), torch.cat([one.extra_bits()] * 2))
    for tokens in (one, two):
        if len(tokens):
            assert tokens.bits().tolist() == [item.bits().item() for item in tokens]
            assert tokens.extra_bits().tolist() == [item.extra_bits().item() for item in tokens]
