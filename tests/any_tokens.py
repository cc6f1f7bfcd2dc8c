"""Any Tokens that a spec allows, drawn by hypothesis."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.tokens import ExtraSpec, Origin, Prefixes, Tokens, TokenSpec, neutral_extras

EXAMPLES = 40


def holds_for(*values):
    """A property, tried on the same examples in each run."""
    tried = settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None)
    return lambda test: tried(given(*values)(test))


VOCABULARIES = st.sampled_from(
    [1, 2, 3, 8, 255, 256, 257, 1000, 1024, 64000, 65535, 65536, 65537, 2**20 + 1, 2**31 - 1, 2**31]
) | st.integers(1, 2**31)


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
