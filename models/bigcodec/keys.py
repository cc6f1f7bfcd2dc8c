"""Upstream's tensor names -> ours.

Source: the two state dicts of bigcodec.pt, of Aria-K-Alethia/BigCodec 09845ab's CodecEncoder and
CodecDecoder. Our networks are lists in the same order.
"""

from torch import Tensor

from zoo.weights import KeyTable, Rule

from ..layers.weight_norm import folded, weight_norm

_CONSTANT = "the low-pass filter of every activation: made where needed"
_HALVES = {"CodecEnc.block": "encoder", "generator.model": "decoder"}
_DEPTHS = ("{a}", "{a}.block.{b}", "{a}.block.{b}.block.{c}")
_LEVEL = "generator.quantizer.layers.{q}"


def _pointwise(direction: Tensor, length: Tensor) -> Tensor:
    """The weight of a linear layer, folded, as that of a convolution over one frame."""
    return folded(direction, length)[..., None]


def _projection(name: str) -> KeyTable:
    theirs, ours = f"{_LEVEL}.{name}", f"quantizer.quantizers.{{q}}.{name}"
    return tuple(
        Rule(rule.theirs, rule.ours, rule.why, _pointwise if rule.change else None, rule.beside)
        for rule in weight_norm(theirs, ours)
    )


ORIGINAL: KeyTable = (
    Rule("{place*}.filter", None, _CONSTANT),
    *(
        rule
        for theirs, ours in _HALVES.items()
        for depth in _DEPTHS
        for rule in (
            Rule(f"{theirs}.{depth}.act.{{w}}", f"{ours}.{depth}.{{w}}"),
            *weight_norm(f"{theirs}.{depth}", f"{ours}.{depth}"),
        )
    ),
    *(
        Rule(f"{theirs}.{{a}}.lstm.{{w}}", f"{ours}.{{a}}.lstm.{{w}}")
        for theirs, ours in _HALVES.items()
    ),
    *_projection("in_proj"),
    *_projection("out_proj"),
    Rule(f"{_LEVEL}._codebook.weight", "quantizer.quantizers.{q}.codebook.weight"),
)

FORMATS = {"original": ORIGINAL}
