"""Tensor names -> those of transformers' DacModel, per source format.

Source: state dicts of transformers 5.23 and of descript-audio-codec c7cfc5d. Weight norm, which
the original has everywhere, is folded.
"""

from zoo.weights import SAME, KeyTable, Rule

from ..layers.dac_keys import decoder_keys, encoder_keys
from ..layers.weight_norm import weight_norm

ORIGINAL: KeyTable = (
    *encoder_keys("encoder", "encoder"),
    *weight_norm("quantizer.quantizers.{q}.{proj}", "quantizer.quantizers.{q}.{proj}"),
    Rule("quantizer.quantizers.{q}.codebook.weight", "quantizer.quantizers.{q}.codebook.weight"),
    *decoder_keys("decoder", "decoder"),
)

FORMATS = {"original": ORIGINAL, "transformers": SAME}
