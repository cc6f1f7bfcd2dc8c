"""Upstream's tensor names -> ours.

Source: state dict of hubertsiuzdak/snac f49016a. Our networks are lists in the same order, so only
the words between the numbers go; weight norm is folded.
"""

from zoo.weights import KeyTable, Rule

from ..layers.weight_norm import weight_norm

_DEPTHS = {  # their place -> ours; {list} is "block" in the encoder, "model" in the decoder
    "{half}.{list}.{a}": "{half}.{a}",
    "{half}.{list}.{a}.block.{b}": "{half}.{a}.{b}",
    "{half}.{list}.{a}.block.{b}.block.{c}": "{half}.{a}.{b}.{c}",
}

ORIGINAL: KeyTable = (
    Rule("{half}.{list}.{a}.rel_pos.inv_freq", None, "the same numbers always: made where needed"),
    Rule("{half}.{list}.{a}.norm.{w}", "{half}.{a}.norm.{w}"),
    Rule("{half}.{list}.{a}.to_qkv.weight", "{half}.{a}.to_qkv.weight"),
    Rule("{half}.{list}.{a}.to_out.weight", "{half}.{a}.to_out.weight"),
    Rule("quantizer.quantizers.{q}.codebook.weight", "quantizer.quantizers.{q}.codebook.weight"),
    *weight_norm("quantizer.quantizers.{q}.{proj}", "quantizer.quantizers.{q}.{proj}"),
    *weight_norm("{half}.{list}.{a}.block.{b}.linear", "{half}.{a}.{b}.linear"),
    *(
        rule
        for theirs, ours in _DEPTHS.items()
        for rule in (Rule(f"{theirs}.alpha", f"{ours}.alpha"), *weight_norm(theirs, ours))
    ),
)

FORMATS = {"original": ORIGINAL}
