"""Construction: from a configuration to the parts of a SEED tokenizer."""

from torch import nn

from .config import SeedConfig
from .decoder import EmbeddingDecoder, build_decoder
from .encoder import ImageEncoder
from .picture import PictureDecoder, build_picture
from .qformer import QFormer
from .quantizer import Codebook
from .vit import build_vit


class SeedModel(nn.Module):
    """Image encoder, codebook and embedding decoder.

    What makes pixels is a ``picture`` decoder in small checkpoints; a painter is loaded apart.
    """

    def __init__(
        self,
        encoder: ImageEncoder,
        quantizer: Codebook,
        decoder: EmbeddingDecoder,
        picture: PictureDecoder | None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.quantizer = quantizer
        self.decoder = decoder
        self.picture = picture


def build_model(config: SeedConfig) -> SeedModel:
    """Build all parts, randomly initialised (or on the meta device, under its context)."""
    vit = build_vit(config.vit, config.image_size)
    qformer = QFormer(
        config.qformer, queries=config.queries, image_width=config.vit.width, causal=True
    )
    encoder = ImageEncoder(vit, qformer, config.codebook[1])
    codebook = Codebook(*config.codebook)
    return SeedModel(encoder, codebook, build_decoder(config), build_picture(config))
