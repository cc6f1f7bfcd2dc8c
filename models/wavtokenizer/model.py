"""Construction: from a configuration to encoder, codebook, decoder and head."""

from ..layers.istft import IstftHead
from ..layers.over_time import Layers
from ..layers.residual_codec import ResidualCodec
from ..layers.residual_vq import EuclideanLevel, ResidualQuantizer
from ..layers.seanet import seanet_encoder
from .config import WavTokenizerConfig
from .decoder import Backbone


class WavTokenizerModel(ResidualCodec):
    """The networks of a WavTokenizer."""

    decoder: Backbone

    def __init__(
        self, encoder: Layers, quantizer: ResidualQuantizer, decoder: Backbone, head: IstftHead
    ) -> None:
        super().__init__(encoder, quantizer, decoder)
        self.head = head


def build_model(config: WavTokenizerConfig) -> WavTokenizerModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    own = config.decoder
    return WavTokenizerModel(
        seanet_encoder(config.net),
        ResidualQuantizer([EuclideanLevel(config.width, config.codebook_size)]),
        Backbone(config.width, own.width, own.depth, own.hidden),
        IstftHead(own.width, own.window, config.hop),
    )
