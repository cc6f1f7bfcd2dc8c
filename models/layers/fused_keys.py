"""Tensor names of X-codecs and Higgs audio -> ours, per source format.

Source: state dicts of transformers 5.23, of zhenye234/xcodec a2e52d3 and of boson-ai/higgs-audio
f04f5df. Weight norm of the DAC and of the speech encoder's position convolution is folded.
"""

from zoo.weights import KeyTable, Rule

from .dac_keys import decoder_keys, encoder_keys
from .weight_norm import weight_norm

_STATISTICS = "how often and by what codewords were chosen: training only"
_TEACHER = "predicts the semantic features again: training only"

_SPEECH: KeyTable = (
    Rule("semantic_model.masked_spec_embed", None, "stands for masked features: training only"),
    *weight_norm(
        "semantic_model.encoder.pos_conv_embed.conv", "semantic_model.encoder.pos_conv_embed.conv"
    ),
)

TRANSFORMERS: KeyTable = (
    Rule("decoder_semantic.{rest*}", None, _TEACHER),
    Rule("fc1.{w}", None, _TEACHER),
    *_SPEECH,
    Rule("quantizer.quantizers.{q}.codebook.embed", "quantizer.quantizers.{q}.codebook.embed"),
    Rule("quantizer.quantizers.{q}.codebook.{w}", None, _STATISTICS),
    Rule("{name*}", "{name*}"),
)

_LEVEL, _OURS = "quantizer.vq.layers.{q}", "quantizer.quantizers.{q}"
_BLOCK, _UNIT = "encoder_semantic.conv_blocks.{i}", "encoder_semantic.conv_blocks.{i}.res_units.{j}"

ORIGINAL: KeyTable = (
    Rule("decoder_semantic.{rest*}", None, _TEACHER),
    Rule("fc_post1.{w}", None, _TEACHER),
    *_SPEECH,
    Rule("semantic_model.{name*}", "semantic_model.{name*}"),
    *encoder_keys("encoder", "acoustic_encoder"),
    Rule("encoder_semantic.conv.conv.{w}", "encoder_semantic.conv.{w}"),
    Rule(f"{_UNIT}.conv1.conv.{{w}}", f"{_UNIT}.conv1.{{w}}"),
    Rule(f"{_UNIT}.conv2.{{w}}", f"{_UNIT}.conv2.{{w}}"),
    Rule(f"{_BLOCK}.conv.conv.{{w}}", f"{_BLOCK}.conv.{{w}}"),
    Rule("fc_prior.{w}", "fc.{w}"),
    Rule(f"{_LEVEL}._codebook.embed", f"{_OURS}.codebook.embed"),
    Rule(f"{_LEVEL}._codebook.{{w}}", None, _STATISTICS),
    Rule(f"{_LEVEL}.project_in.{{w}}", f"{_OURS}.project_in.{{w}}"),
    Rule(f"{_LEVEL}.project_out.{{w}}", f"{_OURS}.project_out.{{w}}"),
    Rule("fc_post2.{w}", "fc2.{w}"),
    *decoder_keys("decoder_2", "acoustic_decoder"),
)

FORMATS = {"original": ORIGINAL, "transformers": TRANSFORMERS}
