"""Construction: from a configuration to the four parts of a FlexTok."""

from torch import nn

from ..layers.fsq import FSQ
from .config import FlexTokConfig
from .decoder import DecoderBlock, FlowDecoder
from .encoder import EncoderBlock, RegisterEncoder
from .layers import PatchEmbedding
from .modulation import TimeEmbedding
from .vae import LatentAutoencoder, build_vae


class FlexTokModel(nn.Module):
    """Autoencoder, register encoder, quantiser and flow decoder."""

    def __init__(
        self,
        vae: LatentAutoencoder,
        encoder: RegisterEncoder,
        quantizer: FSQ,
        decoder: FlowDecoder,
    ) -> None:
        super().__init__()
        self.vae = vae
        self.encoder = encoder
        self.quantizer = quantizer
        self.decoder = decoder


def build_model(config: FlexTokConfig) -> FlexTokModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    return FlexTokModel(
        build_vae(config), build_encoder(config), FSQ(config.fsq_levels), build_decoder(config)
    )


def build_encoder(config: FlexTokConfig) -> RegisterEncoder:
    """Build the register encoder."""
    width = config.encoder.width
    return RegisterEncoder(
        patches=PatchEmbedding(config.latent_channels, config.patch_size, width, config.max_grid),
        width=width,
        registers=config.registers,
        blocks=[
            EncoderBlock(width, config.head_dim, config.mlp_ratio)
            for _ in range(config.encoder.depth)
        ],
        dims=len(config.fsq_levels),
    )


def build_decoder(config: FlexTokConfig) -> FlowDecoder:
    """Build the flow decoder."""
    width, rank = config.decoder.width, config.modulation_rank
    return FlowDecoder(
        patches=PatchEmbedding(config.latent_channels, config.patch_size, width, config.max_grid),
        time=TimeEmbedding(width, config.frequency_size, config.max_timestep),
        width=width,
        registers=config.registers,
        dims=len(config.fsq_levels),
        blocks=[
            DecoderBlock(width, config.head_dim, config.mlp_ratio, rank)
            for _ in range(config.decoder.depth)
        ],
        rank=rank,
    )
