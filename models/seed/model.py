"""Construction: from a configuration to the three parts of a SEED tokenizer."""

from torch import nn

from .config import SeedConfig
from .decoder import EmbeddingDecoder, build_decoder
from .encoder import ImageEncoder
from .qformer import QFormer
from .quantizer import Codebook
from .vit import build_vit


class SeedModel(nn.Module):
    """Image encoder, codebook and embedding decoder; the painter is loaded apart."""

    def __init__(
        self, encoder: ImageEncoder, quantizer: Codebook, decoder: EmbeddingDecoder
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.quantizer = quantizer
        self.decoder = decoder


def build_model(config: SeedConfig) -> SeedModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    vit = build_vit(config.vit, config.image_size)
    qformer = QFormer(
        config.qformer, queries=config.queries, image_width=config.vit.width, causal=True
    )
    encoder = ImageEncoder(vit, qformer, config.codebook[1])
    return SeedModel(encoder, Codebook(*config.codebook), build_decoder(config))
