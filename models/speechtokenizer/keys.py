"""Upstream's tensor names -> ours.

Source: state dict of ZhangXInFD/SpeechTokenizer 30c96fb.
"""

from zoo.weights import KeyTable, Rule

from ..layers.seanet_keys import quantizer_keys, seanet_keys

ORIGINAL: KeyTable = (
    *seanet_keys("{half}", "{half}"),
    *quantizer_keys("quantizer", "quantizer"),
    Rule("transform.{w}", "transform.{w}"),
)

FORMATS = {"original": ORIGINAL}
