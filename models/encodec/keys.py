"""Tensor names -> ours, per source format. Weight norm is folded.

Source: state dicts of facebookresearch/encodec 0e2d0ae and of transformers 5.23.
"""

from zoo.weights import KeyTable, Rule

from ..layers.seanet_keys import STATISTICS, quantizer_keys, seanet_keys
from ..layers.weight_norm import weight_norm

_PLACES = ("{i}", "{i}.block.{j}", "{i}.shortcut")  # the same numbers in ours


def _normed(theirs: str, ours: str) -> KeyTable:
    """48 kHz has a norm behind each convolution, instead of weight norm within."""
    return tuple(
        rule
        for place in _PLACES
        for kind in ("conv", "convtr")
        for rule in (
            Rule(f"{theirs}.model.{place}.{kind}.{kind}.weight", f"{ours}.{place}.conv.weight"),
            Rule(f"{theirs}.model.{place}.{kind}.norm.{{w}}", f"{ours}.{place}.norm.{{w}}"),
        )
    )


ORIGINAL: KeyTable = (
    *seanet_keys("{half}", "{half}"),
    *_normed("{half}", "{half}"),
    *quantizer_keys("quantizer", "quantizer"),
)

TRANSFORMERS: KeyTable = (
    Rule("quantizer.layers.{q}.codebook.embed", "quantizer.quantizers.{q}.codebook.weight"),
    Rule("quantizer.layers.{q}.codebook.{w}", None, STATISTICS),
    *weight_norm("{half}.layers.{place*}", "{half}.{place*}"),
    Rule("{half}.layers.{rest*}", "{half}.{rest*}"),
)

FORMATS = {"original": ORIGINAL, "transformers": TRANSFORMERS}
