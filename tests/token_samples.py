"""Small Tokens of every kind."""

import torch

from zoo.tokens import (
    ExtraSpec,
    Origin,
    Prefixes,
    Tokens,
    TokenSpec,
)

FLEX = TokenSpec("prefix", (64,), 8, Prefixes("position", "tokens", tuple(range(1, 9))))
FLOW = TokenSpec("scales", (32,), prefixes=Prefixes("position", "scales", (1, 5, 14)))
SEED = TokenSpec("prefix", (8192,), 4)
SNAC = TokenSpec(
    "time",
    (16,) * 7,
    prefixes=Prefixes("slot", "levels", (1, 3, 7)),
    hop=8,
    sample_rate=80,
    crop=2,
)
CODEC = TokenSpec(  # EnCodec 48 kHz, small: a scale per segment, and one extra of each other kind
    "time",
    (16, 8),
    prefixes=Prefixes("slot", "codebooks", (1, 2)),
    extras=(
        ExtraSpec("scale", "float32", ("item", "segment"), 1.0, 32),
        ExtraSpec("gain", "int16", ("item", "slot", "position"), -1, 3),
        ExtraSpec("speaker", "float16", ("item", "dim"), 0.0, 16),
    ),
    hop=4,
    crop=3,
    segment=3,
)
MERGED = TokenSpec(
    "raster",
    (16,),
    6,
    extras=(ExtraSpec("source_map", "int32", ("item", "frame", "row", "column"), 0, 2),),
    holes=True,
)
RASTER = TokenSpec("raster", (256,))


def make(spec, codes, **given):
    return Tokens(codes, spec=spec, space="test:1", **given)


def snac(lengths=(6, 3)):
    torch.manual_seed(0)
    codes = torch.randint(0, 16, (len(lengths), 7, max(lengths)))
    origin = [Origin(out_samples=8 * n - 1, channels=1) for n in lengths]
    return make(SNAC, codes, lengths=lengths, origin=origin, made_by={"checkpoint": "snac-tiny"})


def codec(lengths=(7, 3)):
    torch.manual_seed(1)
    n, most = len(lengths), max(lengths)
    return make(
        CODEC,
        torch.stack([torch.randint(0, 16, (n, most)), torch.randint(0, 8, (n, most))], 1),
        lengths=lengths,
        extras={
            "scale": torch.rand(n, -(-most // 3)),
            "gain": torch.randint(0, 99, (n, 2, most), dtype=torch.int16),
            "speaker": torch.rand(n, 5).half(),
        },
    )
