"""Codec as a tokenizer: one slot per codebook, one position per hop."""

from ..layers.residual_tokenizer import ResidualTokenizer
from .config import CodecConfig
from .model import Codec, build_model


class CodecTokenizer(ResidualTokenizer):
    """The first k codebooks decode alone; nothing that comes later changes an id.

    Source: our own, after the usual plan of neural codecs (Zeghidour et al. 2021, arXiv
    2107.03312): encoder, residual vector quantiser, decoder.
    """

    config_type = CodecConfig

    config: CodecConfig
    module: Codec

    @classmethod
    def build(cls, config: CodecConfig) -> Codec:
        """Construct encoder, quantiser and decoder."""
        return build_model(config)
