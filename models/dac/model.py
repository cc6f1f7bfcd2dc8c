"""Construction: transformers' DacModel from our configuration."""

from typing import TYPE_CHECKING

from ..layers.ragged import respect_lengths
from .config import DacConfig

if TYPE_CHECKING:
    from transformers import DacModel


def build_model(config: DacConfig) -> "DacModel":
    """Build the model, randomly initialised (or on the meta device, under its context)."""
    from transformers import DacConfig as Theirs
    from transformers import DacModel

    model = DacModel(
        Theirs(
            encoder_hidden_size=config.encoder_width,
            downsampling_ratios=list(config.strides),
            decoder_hidden_size=config.decoder_width,
            n_codebooks=config.codebooks,
            codebook_size=config.codebook_size,
            codebook_dim=config.codebook_dim,
        )
    )
    respect_lengths(model.encoder)
    respect_lengths(model.decoder)
    return model
