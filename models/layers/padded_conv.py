"""The padding of transformers' EnCodec and Mimi convolutions, exact for any length."""

from typing import Any

import torch
from torch import Tensor


def settle_padding(layer: Any) -> None:
    """Give an ``EncodecConv1d`` or ``MimiConv1d`` its padding as plain numbers.

    It keeps stride, span and padding in buffers that no state dict has, so they are lost on the
    meta device. And it finds the missing samples of the last window with float32 division, which
    is off by some samples beyond 2^24 of them (11 minutes at 24 kHz); whole numbers are not.
    """
    (kernel,), (stride,), (dilation,) = (
        getattr(layer.conv, name) for name in ("kernel_size", "stride", "dilation")
    )
    span = (kernel - 1) * dilation + 1
    sizes = {"stride": stride, "kernel_size": span, "padding_total": span - stride}
    for name, size in sizes.items():
        setattr(layer, name, torch.tensor(size, device="cpu"))
    layer._get_extra_padding_for_conv1d = _Missing(stride)


class _Missing:
    """Samples up to the next multiple of the stride."""

    def __init__(self, stride: int) -> None:
        self.stride = stride

    def __call__(self, hidden_states: Tensor) -> int:
        return -hidden_states.shape[-1] % self.stride
