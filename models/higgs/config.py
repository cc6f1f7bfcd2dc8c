"""The numbers of a Higgs audio tokenizer; the fields are the card's ``config``."""

from dataclasses import dataclass

from ..layers.fused_codec import FusedConfig


@dataclass(frozen=True)
class HiggsConfig(FusedConfig):
    """Those of an X-codec, and the few dimensions in which codewords are compared."""

    codebook_dim: int
