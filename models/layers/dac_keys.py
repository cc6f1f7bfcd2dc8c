"""Tensor names of descript-audio-codec's encoder and decoder -> transformers' DAC.

Source: state dicts of descript-audio-codec c7cfc5d and of transformers 5.23. Weight norm, which the
original has everywhere, is folded. Used by DAC itself, and by the codecs with a DAC inside.
"""

from zoo.weights import KeyTable, Rule

from .weight_norm import weight_norm

_LONGEST = 8  # strides of a model, at most


def encoder_keys(theirs: str, ours: str) -> KeyTable:
    """Rules for an encoder of at most eight strides."""
    return (
        *weight_norm(f"{theirs}.block.0", f"{ours}.conv1"),
        *(rule for number in range(_LONGEST) for rule in _encoder_block(theirs, ours, number)),
        Rule(f"{theirs}.block.{{last}}.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.block.{{last}}", f"{ours}.conv2"),
    )


def decoder_keys(theirs: str, ours: str) -> KeyTable:
    """Rules for a decoder of at most eight strides."""
    return (
        *weight_norm(f"{theirs}.model.0", f"{ours}.conv1"),
        *(rule for number in range(_LONGEST) for rule in _decoder_block(theirs, ours, number)),
        Rule(f"{theirs}.model.{{last}}.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.model.{{last}}", f"{ours}.conv2"),
    )


def _unit(theirs: str, ours: str) -> KeyTable:
    """A residual unit."""
    return (
        Rule(f"{theirs}.block.0.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.block.1", f"{ours}.conv1"),
        Rule(f"{theirs}.block.2.alpha", f"{ours}.snake2.alpha"),
        *weight_norm(f"{theirs}.block.3", f"{ours}.conv2"),
    )


def _encoder_block(theirs: str, ours: str, number: int) -> KeyTable:
    theirs, ours = f"{theirs}.block.{number + 1}.block", f"{ours}.block.{number}"
    units = (rule for i in range(3) for rule in _unit(f"{theirs}.{i}", f"{ours}.res_unit{i + 1}"))
    return (
        *units,
        Rule(f"{theirs}.3.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.4", f"{ours}.conv1"),
    )


def _decoder_block(theirs: str, ours: str, number: int) -> KeyTable:
    theirs, ours = f"{theirs}.model.{number + 1}.block", f"{ours}.block.{number}"
    units = (
        rule for i in range(3) for rule in _unit(f"{theirs}.{i + 2}", f"{ours}.res_unit{i + 1}")
    )
    return (
        Rule(f"{theirs}.0.alpha", f"{ours}.snake1.alpha"),
        *weight_norm(f"{theirs}.1", f"{ours}.conv_t1"),
        *units,
    )
