"""An encoder, a residual quantiser and a decoder: the networks of most codecs."""

from typing import Any

from torch import nn

from .residual_vq import ResidualQuantizer


class ResidualCodec(nn.Module):
    """Sound -> ``encoder`` -> latents [item, width, position] -> ``quantizer`` -> ids, and back.

    Both halves are layers over time, unless the tokenizer runs one in its own way.
    """

    encoder: Any
    decoder: Any

    def __init__(
        self, encoder: nn.Module, quantizer: ResidualQuantizer, decoder: nn.Module
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.quantizer = quantizer
        self.decoder = decoder
