"""Construction: from a configuration to encoder, quantiser and decoder."""

from torch import nn

from ..layers.residual_codec import ResidualCodec
from ..layers.residual_vq import EuclideanLevel, ResidualQuantizer
from ..layers.seanet import Seanet, seanet_decoder, seanet_encoder
from .config import EncodecConfig


def build_model(config: EncodecConfig) -> ResidualCodec:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    net = Seanet(
        filters=config.filters,
        strides=config.strides,
        width=config.latent_width,
        causal=config.causal,
        conv_shortcut=config.conv_shortcut,
        channels=config.channels,
        norm=config.norm == "time_group_norm",
    )
    levels = [
        EuclideanLevel(config.latent_width, config.codebook_size) for _ in range(config.codebooks)
    ]
    model = ResidualCodec(seanet_encoder(net), ResidualQuantizer(levels), seanet_decoder(net))
    for layer in model.modules():
        if isinstance(layer, nn.Conv1d):  # torch's own loses the signal on the way: one id only
            nn.init.kaiming_normal_(layer.weight)
    return model
