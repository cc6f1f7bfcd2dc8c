"""Construction: the parts of transformers' XcodecModel from our configuration."""

from ..layers.fused_codec import FusedConfig, FusedParts, acoustic_config
from ..layers.speech_encoder import theirs_config


def build_model(config: FusedConfig) -> FusedParts:
    """Build the parts, randomly initialised (or on the meta device, under its context)."""
    from transformers import XcodecConfig, XcodecModel

    # Theirs counts codebooks by bitrate and frame rate: one frame a second has so many bits.
    bits = (config.codebook_size - 1).bit_length()
    theirs = XcodecConfig(
        target_bandwidths=[config.codebooks * bits * -(-config.rate // config.hop) / 1000],
        sample_rate=config.rate,
        codebook_size=config.codebook_size,
        acoustic_model_config=acoustic_config(config.acoustic),
        semantic_model_config=theirs_config(config.semantic),
    )
    model = XcodecModel(theirs)
    assert len(model.quantizer.quantizers) == config.codebooks
    return FusedParts(model, config)
