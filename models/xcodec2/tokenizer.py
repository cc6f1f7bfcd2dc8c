"""X-codec 2 as a tokenizer, through transformers' Xcodec2Model."""

from torch import Tensor

from ..layers.fsq_codec import FsqCodecConfig, FsqCodecParts, half_a_hop
from ..layers.fsq_codec_tokenizer import FsqCodecTokenizer


class Xcodec2(FsqCodecTokenizer):
    """One slot of a grid of 4^8 points, 50 positions a second.

    Source: Ye et al. 2025, arXiv 2502.04128; ids equal those of transformers' Xcodec2Model.
    """

    config_type = FsqCodecConfig

    @classmethod
    def build(cls, config: FsqCodecConfig) -> FsqCodecParts:
        """Construct both encoders, quantiser and decoder."""
        from transformers import Xcodec2Config, Xcodec2Model

        return FsqCodecParts(Xcodec2Model(Xcodec2Config(**config.theirs())))

    def _heard(self, sound: Tensor) -> Tensor:
        return half_a_hop(sound, self.config.hop)

    def _count(self, prepared: Tensor) -> int:
        """A position more than there are whole hops."""
        return prepared.shape[1] // self.config.hop + 1
