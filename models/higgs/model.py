"""Construction: the parts of transformers' HiggsAudioV2TokenizerModel from our configuration."""

from typing import Any

from ..layers.fused_codec import FusedParts, acoustic_config
from ..layers.speech_encoder import theirs_config
from .config import HiggsConfig


def build_model(config: HiggsConfig) -> FusedParts:
    """Build the parts, randomly initialised (or on the meta device, under its context)."""
    return FusedParts(their_model(config), config)


def their_model(config: HiggsConfig) -> Any:
    """transformers' model of this size."""
    from transformers import HiggsAudioV2TokenizerConfig, HiggsAudioV2TokenizerModel

    # Theirs counts codebooks by bitrate and frame rate: one frame a second has so many bits.
    bits = (config.codebook_size - 1).bit_length()
    theirs = HiggsAudioV2TokenizerConfig(
        target_bandwidths=[config.codebooks * bits * -(-config.rate // config.hop) / 1000],
        sample_rate=config.rate,
        semantic_sample_rate=config.semantic_rate,
        codebook_size=config.codebook_size,
        codebook_dim=config.codebook_dim,
        acoustic_model_config=acoustic_config(config.acoustic),
        semantic_model_config=theirs_config(config.semantic),
    )
    model = HiggsAudioV2TokenizerModel(theirs)
    assert len(model.quantizer.quantizers) == config.codebooks
    return model
