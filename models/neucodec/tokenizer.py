"""NeuCodec as a tokenizer, through transformers' NeuCodecModel."""

from torch import Tensor

from ..layers.fsq_codec import FsqCodecParts
from ..layers.fsq_codec_tokenizer import FsqCodecTokenizer
from .config import NeuCodecConfig


class NeuCodec(FsqCodecTokenizer):
    """One slot of a grid of 4^8 points, 50 positions a second; what decodes has a higher rate.

    Source: Julian et al. 2025, arXiv 2509.09550; ids equal those of transformers' NeuCodecModel.
    """

    config_type = NeuCodecConfig
    # Upstream has no position for less than a hop, and fails. Here that becomes one position.
    shortest = 320

    @classmethod
    def build(cls, config: NeuCodecConfig) -> FsqCodecParts:
        """Construct both encoders, quantiser and decoder."""
        from transformers import NeuCodecConfig as Theirs
        from transformers import NeuCodecModel

        theirs = Theirs(
            **config.theirs(),
            input_sampling_rate=config.input_rate,
            output_sampling_rate=config.output_rate,
        )
        return FsqCodecParts(NeuCodecModel(theirs))

    def _heard(self, sound: Tensor) -> Tensor:
        return sound

    def _count(self, prepared: Tensor) -> int:
        """Whole hops: what a last one lacks is not heard, so it has no position."""
        return max(prepared.shape[1] // self.config.hop, 1)
