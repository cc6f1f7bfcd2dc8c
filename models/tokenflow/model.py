"""Construction: from a configuration to the five parts of a TokenFlow."""

import torch
from torch import Tensor, nn

from .config import TokenFlowConfig
from .pixels import PixelDecoder, PixelEncoder, build_decoder, build_encoder
from .quantizer import DualQuantizer, full_precision
from .semantics import SemanticDecoder, SemanticEncoder
from .towers import TOWERS


class TokenFlowModel(nn.Module):
    """Two encoders, one quantiser, two decoders; each decoder runs only when it is asked for."""

    def __init__(
        self,
        semantic_encoder: SemanticEncoder,
        pixel_encoder: PixelEncoder,
        quantizer: DualQuantizer,
        semantic_decoder: SemanticDecoder,
        pixel_decoder: PixelDecoder,
    ) -> None:
        super().__init__()
        self.semantic_encoder = semantic_encoder
        self.pixel_encoder = pixel_encoder
        self.quantizer = quantizer
        self.semantic_decoder = semantic_decoder
        self.pixel_decoder = pixel_decoder

    def features(self, images: Tensor) -> Tensor:
        """Images [b, 3, H, W] in -1..1 -> what is quantised, [b, c, g, g], in fp32."""
        semantic = self.semantic_encoder(images)
        pixel = self.pixel_encoder(images, semantic.shape[-1])
        return torch.cat([full_precision(semantic), full_precision(pixel)], dim=1)

    def semantic(self, latent: Tensor) -> Tensor:
        """Codes on the finest grid [b, c, g, g] -> the teacher's features [b, g*g, out]."""
        return self.semantic_decoder(latent[:, : self.quantizer.dims[0]])

    def pixels(self, latent: Tensor) -> Tensor:
        """Codes on the finest grid [b, c, g, g] -> images [b, 3, H, W] about -1..1."""
        return self.pixel_decoder(latent[:, self.quantizer.dims[0] :])


def build_model(config: TokenFlowConfig) -> TokenFlowModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    return TokenFlowModel(
        build_semantic_encoder(config),
        build_pixel_encoder(config),
        DualQuantizer(config.codebook_size, config.semantic_dim, config.pixel_dim),
        build_semantic_decoder(config),
        build_pixel_decoder(config),
    )


def build_semantic_encoder(config: TokenFlowConfig) -> SemanticEncoder:
    """Build the tower and its head."""
    size = config.tower
    tower = TOWERS[size.kind](
        size.grid, size.patch, size.width, size.depth, size.heads, size.hidden
    )
    return SemanticEncoder(tower, size.width, config.semantic_dim)


def build_semantic_decoder(config: TokenFlowConfig) -> SemanticDecoder:
    """Build the transformer that predicts the teacher's features."""
    size = config.semantic_decoder
    return SemanticDecoder(
        config.semantic_dim, size.grid, size.width, size.depth, size.heads, size.hidden, size.out
    )


def build_pixel_encoder(config: TokenFlowConfig) -> PixelEncoder:
    """Build the convolutional encoder."""
    size = config.pixel_encoder
    network = build_encoder(size, config.latent_channels)
    return PixelEncoder(network, size, config.latent_channels, config.pixel_dim)


def build_pixel_decoder(config: TokenFlowConfig) -> PixelDecoder:
    """Build the convolutional decoder."""
    size = config.pixel_decoder
    network = build_decoder(size, config.latent_channels)
    return PixelDecoder(network, size, config.latent_channels, config.pixel_dim, config.output_size)
