"""Construction: from a configuration to encoder, quantiser, decoder and the way to HuBERT."""

from torch import nn

from ..layers.over_time import Layers
from ..layers.residual_codec import ResidualCodec
from ..layers.residual_vq import EuclideanLevel, ResidualQuantizer
from ..layers.seanet import seanet_decoder, seanet_encoder
from .config import SpeechTokenizerConfig


class SpeechTokenizerModel(ResidualCodec):
    """The networks; ``transform`` brings vectors of the first codebook to HuBERT's space."""

    def __init__(
        self,
        encoder: Layers,
        quantizer: ResidualQuantizer,
        decoder: Layers,
        transform: nn.Linear | nn.Identity,
    ) -> None:
        super().__init__(encoder, quantizer, decoder)
        self.transform = transform


def build_model(config: SpeechTokenizerConfig) -> SpeechTokenizerModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    same = config.width == config.semantic_width
    return SpeechTokenizerModel(
        seanet_encoder(config.net, both_ways=True),
        ResidualQuantizer(
            [EuclideanLevel(config.width, config.codebook_size) for _ in range(config.codebooks)]
        ),
        seanet_decoder(config.net),
        nn.Identity() if same else nn.Linear(config.width, config.semantic_width),
    )
