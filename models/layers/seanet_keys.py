"""Tensor names of upstream's SEANet, and of the quantiser that goes with it -> ours."""

from zoo.weights import KeyTable, Rule

from .weight_norm import weight_norm

_PLACES = ("{i}", "{i}.block.{j}", "{i}.shortcut")  # the same numbers in ours
STATISTICS = "how often and by what codewords were chosen: training only"


def seanet_keys(theirs: str, ours: str) -> KeyTable:
    """Rules for an encoder or decoder named ``theirs``.

    Source: state dict of facebookresearch/encodec 0e2d0ae, from which others copied the module.
    """
    return (
        *(
            rule
            for place in _PLACES
            for kind in ("conv", "convtr")
            for rule in weight_norm(f"{theirs}.model.{place}.{kind}.{kind}", f"{ours}.{place}.conv")
        ),
        *(Rule(f"{theirs}.model.{place}.alpha", f"{ours}.{place}.alpha") for place in _PLACES[:2]),
        Rule(f"{theirs}.model.{{i}}.lstm.{{w}}", f"{ours}.{{i}}.lstm.{{w}}"),
    )


def quantizer_keys(theirs: str, ours: str) -> KeyTable:
    """Rules for a residual quantiser named ``theirs``, with distances."""
    codebook = f"{theirs}.vq.layers.{{q}}._codebook"
    return (
        Rule(f"{codebook}.embed", f"{ours}.quantizers.{{q}}.codebook.weight"),
        Rule(f"{codebook}.{{w}}", None, STATISTICS),
    )
