"""X-codec as a tokenizer, through transformers' XcodecModel."""

from ..layers.fused_codec import FusedConfig, FusedParts
from ..layers.fused_tokenizer import FusedTokenizer
from .model import build_model


class Xcodec(FusedTokenizer):
    """One slot per codebook, all of fused features; the first k codebooks decode alone.

    Source: Ye et al. 2024, arXiv 2408.17175; ids equal those of transformers' XcodecModel.
    """

    config_type = FusedConfig

    @classmethod
    def build(cls, config: FusedConfig) -> FusedParts:
        """Construct both encoders, quantisers and decoder."""
        return build_model(config)
