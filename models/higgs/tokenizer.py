"""Higgs audio v2 as a tokenizer, through transformers' HiggsAudioV2TokenizerModel."""

from ..layers.fused_codec import FusedParts
from ..layers.fused_tokenizer import FusedTokenizer
from .config import HiggsConfig
from .model import build_model


class Higgs(FusedTokenizer):
    """One slot per codebook, all of fused features; the first k codebooks decode alone.

    Source: Boson AI 2025, higgs-audio; ids equal those of transformers' HiggsAudioV2TokenizerModel.
    """

    config_type = HiggsConfig

    @classmethod
    def build(cls, config: HiggsConfig) -> FusedParts:
        """Construct both encoders, quantisers and decoder."""
        return build_model(config)
