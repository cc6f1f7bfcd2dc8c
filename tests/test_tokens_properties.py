"""What holds for any Tokens: round trips, and cuts that add up."""

import pickle
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.tokens import (
    ExtraSpec,
    Layout,
    Origin,
    Prefixes,
    Tokens,
    TokenSpec,
    codes_from_ids,
    neutral_extras,
    pack_codes,
    pad_codes,
    unpack_codes,
)

EXAMPLES = 40


def holds_for(*values):
    """A property, tried on the same examples in each run."""
    tried = settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
    return lambda test: tried(given(*values)(test))


VOCABULARIES = st.sampled_from(
    [1, 2, 3, 8, 255, 256, 257, 1000, 1024, 64000, 65535, 65536, 65537, 2**20 + 1, 2**31 - 1, 2**31]
) | st.integers(1, 2**31)
SIDES = {"position": (1, 4, 6), "slot": (1, 2, 4)}


@st.composite
def time_specs(draw):
    slots = draw(st.integers(1, 4))
    sizes = sorted({*draw(st.sets(st.integers(1, slots))), slots})
    segment = draw(st.sampled_from([None, 1, 2, 3]))
    extras = [
        ExtraSpec("durations", "int16", ("item", "position"), -7, 5),
        ExtraSpec("gain", "float32", ("item", "dim", "slot", "position"), 1.0, 32),
        ExtraSpec("speaker", "float16", ("item", "dim"), 0.0, 16),
        ExtraSpec("levels", "uint8", ("item", "slot"), 0, 8),
        ExtraSpec("loud", "bool", ("item",), 1, 1),
    ]
    if segment:
        extras.append(ExtraSpec("scale", "bfloat16", ("item", "segment", "dim"), 1.0, 16))
    overlap = draw(st.booleans()) and segment is not None
    return TokenSpec(
        "time",
        tuple(draw(VOCABULARIES) for _ in range(slots)),
        prefixes=draw(st.sampled_from([None, Prefixes("slot", "levels", tuple(sizes))])),
        extras=tuple(draw(st.sets(st.sampled_from(extras)))),
        slots=tuple(f"slot {n}" for n in range(slots)),
        hop=10,
        sample_rate=draw(st.sampled_from([None, 70])),
        crop=(segment or 1) * draw(st.integers(1, 2)),
        segment=segment,
        segment_hop=segment * 10 - 3 if overlap and segment else None,
    )


@st.composite
def still_specs(draw):
    cut = Prefixes("position", "scales", (1, 5, 8))
    holes = draw(st.booleans())
    extras = (
        ExtraSpec("source_map", "int32", ("item", "row", "column"), 0, 2),
        ExtraSpec("weights", "float64", ("item", "position"), 1, 64),
    )
    return TokenSpec(
        draw(st.sampled_from(["scales", "prefix"])),
        tuple(draw(VOCABULARIES) for _ in range(draw(st.integers(1, 2)))),
        prefixes=draw(st.sampled_from([None, cut])),
        extras=draw(st.sampled_from([(), extras])),
        holes=holes,
    )


def origins(spec, length, random):
    if random.randint(0, 3) == 0:
        return None
    if spec.order != "time":
        return Origin(size=(9, 7), rect=(1, 0, 8, 7), canvas=(8, 8, 0, 1), times=(0.5,))
    samples = max(0, spec.samples(length) + random.randint(-12, 12))
    rate = random.choice([None, 44, 160])
    return Origin(
        samples=None if rate is None else round(samples * rate / (spec.sample_rate or 70)),
        rate=rate,
        out_samples=samples,
        channels=2,
        times=tuple(n / 25 for n in range(samples)) if random.randint(0, 1) else None,
    )


@st.composite
def batches(draw, specs=time_specs() | still_specs()):  # noqa: B008
    spec = draw(specs)
    random = draw(st.randoms(use_true_random=False))
    torch.manual_seed(random.randint(0, 2**31))
    items = random.randint(0, 4)
    lengths = [random.choice(spec.position_sizes or range(9)) for _ in range(items)]
    most = max(lengths, default=0)
    codes = torch.stack([torch.randint(0, size, (items, most)) for size in spec.vocab_sizes], 1)
    if spec.holes:
        codes[torch.rand(codes.shape) < 0.3] = -1
    time = spec.order == "time"
    grid = torch.tensor(lengths)[:, None] if time else torch.randint(1, 4, (items, 2))
    if random.randint(0, 1) and not spec.extras:
        grid = None
    tokens = Tokens(
        codes,
        spec=spec,
        space="test:1",
        lengths=lengths,
        grid=grid,
        origin=[origins(spec, length, random) for length in lengths],
        extras={
            name: (torch.rand(extra.shape) * 50).to(extra.dtype)
            for name, extra in neutral_extras(
                spec,
                codes,
                grid=grid,
                sizes={"dim": 2, "row": 1, "column": 1} if not items else {"dim": 2},
            ).items()
        },
        made_by={"checkpoint": "any"},
    )
    if spec.prefixes is not None and random.randint(0, 1):
        tokens = tokens.prefix(qualities(tokens, random))
    return tokens


def qualities(tokens, random):
    """A legal quality for each item."""
    prefixes = tokens.spec.prefixes
    own = tokens.slot_counts if prefixes.axis == "slot" else tokens.lengths
    pairs = list(zip(prefixes.values, prefixes.sizes, strict=True))
    return [random.choice([k for k, size in pairs if size <= (n or size)]) for n in own.tolist()]


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
