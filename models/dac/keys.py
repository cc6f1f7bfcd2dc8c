"""Tensor names -> those of transformers' DacModel, per source format.

Source: state dicts of transformers 5.23 and of descript-audio-codec c7cfc5d. Weight norm, which
the original has everywhere, is folded.
"""

from zoo.weights import SAME, KeyTable, Rule

from ..layers.weight_norm import weight_norm

_LONGEST = 8  # strides of a model, at most


def _unit(theirs: str, ours: str) -> KeyTable:
    """A residual unit."""
    return (
        Rule(f"{theirs}.block.0.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.block.1", f"{ours}.conv1"),
        Rule(f"{theirs}.block.2.alpha", f"{ours}.snake2.alpha"),
        *weight_norm(f"{theirs}.block.3", f"{ours}.conv2"),
    )


def _encoder_block(number: int) -> KeyTable:
    theirs, ours = f"encoder.block.{number + 1}.block", f"encoder.block.{number}"
    units = (rule for i in range(3) for rule in _unit(f"{theirs}.{i}", f"{ours}.res_unit{i + 1}"))
    return (
        *units,
        Rule(f"{theirs}.3.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.4", f"{ours}.conv1"),
    )


def _decoder_block(number: int) -> KeyTable:
    theirs, ours = f"decoder.model.{number + 1}.block", f"decoder.block.{number}"
    units = (
        rule for i in range(3) for rule in _unit(f"{theirs}.{i + 2}", f"{ours}.res_unit{i + 1}")
    )
    return (
        Rule(f"{theirs}.0.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.1", f"{ours}.conv_t1"),
        *units,
    )


ORIGINAL: KeyTable = (
    *weight_norm("encoder.block.0", "encoder.conv1"),
    *(rule for number in range(_LONGEST) for rule in _encoder_block(number)),
    Rule("encoder.block.{last}.alpha", "encoder.snake1.alpha"),
    *weight_norm("encoder.block.{last}", "encoder.conv2"),
    *weight_norm("quantizer.quantizers.{q}.{proj}", "quantizer.quantizers.{q}.{proj}"),
    Rule("quantizer.quantizers.{q}.codebook.weight", "quantizer.quantizers.{q}.codebook.weight"),
    *weight_norm("decoder.model.0", "decoder.conv1"),
    *(rule for number in range(_LONGEST) for rule in _decoder_block(number)),
    Rule("decoder.model.{last}.alpha", "decoder.snake1.alpha"),
    *weight_norm("decoder.model.{last}", "decoder.conv2"),
)

FORMATS = {"original": ORIGINAL, "transformers": SAME}
