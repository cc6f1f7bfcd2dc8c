"""Upstream's tensor names -> ours.

Source: state dict of jishengpeng/WavTokenizer 5cf440d, and the training module around it
(decoder/experiment.py), whose checkpoints of Lightning are the published files.
"""

from zoo.weights import KeyTable, Rule

from ..layers.seanet_keys import quantizer_keys, seanet_keys

_ENCODEC = "feature_extractor.encodec"
_TRAINING = ("multiperioddisc", "multiresddisc", "dac", "dacdiscriminator", "melspec_loss")

ORIGINAL: KeyTable = (
    *seanet_keys(f"{_ENCODEC}.encoder", "encoder"),
    Rule(f"{_ENCODEC}.decoder.{{rest*}}", None, "EnCodec's own decoder: never used"),
    *quantizer_keys(f"{_ENCODEC}.quantizer", "quantizer"),
    Rule("backbone.{name*}", "decoder.{name*}"),
    Rule("head.istft.window", None, "a Hann window: made where needed"),
    Rule("head.out.{w}", "head.out.{w}"),
    *(
        Rule(f"{name}.{{rest*}}", None, "discriminators and losses: training only")
        for name in _TRAINING
    ),
)

FORMATS = {"original": ORIGINAL}
