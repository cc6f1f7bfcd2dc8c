"""Tensor names -> those of transformers' EncodecModel without weight norm, per source format.

Source: state dicts of transformers 5.23 and of facebookresearch/encodec 0e2d0ae.
"""

from zoo.weights import KeyTable, Rule

from ..layers.weight_norm import weight_norm

_STATISTICS = "how often and by what codewords were chosen: training only"
_PLACES = {
    "{half}.model.{i}": "{half}.layers.{i}",
    "{half}.model.{i}.block.{j}": "{half}.layers.{i}.block.{j}",
    "{half}.model.{i}.shortcut": "{half}.layers.{i}.shortcut",
}


def _convolution(theirs: str, ours: str) -> KeyTable:
    """A convolution, plain or transposed, with the norm behind it (48 kHz) or within (others)."""
    kinds = ("conv", "convtr")
    return tuple(
        rule
        for kind in kinds
        for rule in (
            *weight_norm(f"{theirs}.{kind}.{kind}", f"{ours}.conv"),
            Rule(f"{theirs}.{kind}.{kind}.weight", f"{ours}.conv.weight"),
            Rule(f"{theirs}.{kind}.norm.{{w}}", f"{ours}.norm.{{w}}"),
        )
    )


ORIGINAL: KeyTable = (
    *(rule for theirs, ours in _PLACES.items() for rule in _convolution(theirs, ours)),
    Rule("{half}.model.{i}.lstm.{w}", "{half}.layers.{i}.lstm.{w}"),
    Rule("quantizer.vq.layers.{q}._codebook.embed", "quantizer.layers.{q}.codebook.embed"),
    Rule("quantizer.vq.layers.{q}._codebook.{w}", None, _STATISTICS),
)

TRANSFORMERS: KeyTable = (
    Rule("quantizer.layers.{q}.codebook.embed", "quantizer.layers.{q}.codebook.embed"),
    Rule("quantizer.layers.{q}.codebook.{w}", None, _STATISTICS),
    *weight_norm("{name*}", "{name*}"),
    Rule("{name*}", "{name*}"),
)

FORMATS = {"original": ORIGINAL, "transformers": TRANSFORMERS}
