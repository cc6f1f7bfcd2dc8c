"""What holds for any ids: to a language model's stream and back, to packed bits and back."""

import pytest
import torch
from any_tokens import VOCABULARIES, batches, holds_for, time_specs
from hypothesis import strategies as st

from zoo.tokens import Layout, codes_from_ids, pack_codes, pad_codes, unpack_codes


@holds_for(
    batches(), st.sampled_from(["position", "slot", "delay"]), st.booleans(), st.integers(3, 99)
)
def test_ids_and_back(tokens, order, per_slot, offset):
    layout = {"order": order, "offset": offset, "per_slot": per_slot}
    layout |= {"begin": 0, "end": 1, "fill": 2}
    streams = tokens.ids(**layout)
    slots = tokens.slot_counts.tolist()
    prefixes = tokens.spec.prefixes
    known = prefixes is not None and prefixes.axis == "slot"
    prefix = [prefixes.value_of(count) for count in slots] if known and prefixes else None
    lengths = tokens.lengths.tolist()
    for given_too in ({"prefix": prefix}, {"prefix": prefix, "positions": lengths}):
        codes = codes_from_ids(streams, tokens.spec, Layout(**layout), **given_too)
        if len(tokens):
            batch, lengths = pad_codes(codes)
            assert tokens.replace(codes=batch, lengths=lengths) == tokens
    if order == "slot":
        by_length = codes_from_ids(streams, tokens.spec, Layout(**layout), positions=lengths)
        for item, found in zip(tokens, by_length, strict=True):
            if item.codes.numel():
                assert torch.equal(item.codes[0], found)


@holds_for(batches(time_specs()), st.sampled_from(["position", "delay"]), st.integers(0, 40))
def test_trimmed_streams_are_beginnings(tokens, order, keep):
    full = tokens[(tokens.slot_counts == tokens.spec.num_slots).tolist()] if len(tokens) else tokens
    layout = Layout(order, offset=1, fill=0)
    streams = [stream[:keep] for stream in full.ids(order, offset=1, fill=0)]
    found = codes_from_ids(streams, tokens.spec, layout, errors="trim")
    for item, codes, stream in zip(full, found, streams, strict=True):
        most = item.codes.shape[2]
        assert torch.equal(codes, item.codes[0, :, : codes.shape[1]])
        assert codes.shape[1] in (
            min(most, len(stream) // len(codes)),
            max(0, min(most, len(stream) // len(codes) - len(codes) + 1)),
        )


@holds_for(
    st.lists(VOCABULARIES, min_size=1, max_size=4),
    st.integers(0, 3),
    st.integers(0, 9),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_packing(sizes, items, positions, holes, seed):
    torch.manual_seed(seed)
    low = -1 if holes else 0
    codes = torch.stack([torch.randint(low, size, (items, positions)) for size in sizes], 1)
    codes[:, :, :1] = torch.tensor(sizes)[:, None] - 1  # the largest id of each
    packed = pack_codes(codes, sizes, holes=holes)
    bits = sum((size - 1 + holes).bit_length() for size in sizes)
    assert packed.shape == (items, -(-positions * bits // 8))
    assert torch.equal(unpack_codes(packed, sizes, positions, holes=holes), codes)


@pytest.mark.parametrize("size", [2**n + d for n in range(1, 31) for d in (-1, 0, 1)] + [2**31])
def test_packing_of_each_width(size):
    codes = torch.tensor([0, size - 1, size // 2, size - 1, 0]).reshape(1, 1, 5)
    for holes in (False, True):
        packed = pack_codes(codes, (size,), holes=holes)
        assert torch.equal(unpack_codes(packed, (size,), 5, holes=holes), codes)
