"""transformers' own classes of codecs, to compare with."""

from functools import cache
from typing import Any

from zoo.audio_tokenizer import AudioTokenizer

FAMILIES = ("dac", "encodec", "mimi", "xcodec")


@cache
def bare_class(tok: AudioTokenizer, prefix: int | None) -> tuple[Any, dict[str, Any]]:
    """The class at the size of a card, and what its ``encode`` takes for a prefix (None: all)."""
    import transformers

    config = tok.config
    count = prefix or len(tok.vocab_sizes)
    if tok.family == "dac":
        own = transformers.DacConfig(
            encoder_hidden_size=config.encoder_width,
            downsampling_ratios=list(config.strides),
            decoder_hidden_size=config.decoder_width,
            n_codebooks=config.codebooks,
            codebook_size=config.codebook_size,
            codebook_dim=config.codebook_dim,
        )
        return transformers.DacModel(own).eval(), {"n_quantizers": count}
    if tok.family == "mimi":
        model = transformers.MimiModel(transformers.MimiConfig())
        return model.eval(), {"num_quantizers": count}
    if tok.family == "xcodec":
        model = transformers.XcodecModel(transformers.XcodecConfig())  # of the two for HuBERT
        return model.eval(), {"bandwidth": count / 2}
    if tok.family not in FAMILIES:
        raise SystemExit(f"{tok.name}: no class of transformers to compare with")
    kbps = count * 10 * (tok.token_rate or 0) / 1000
    own = transformers.EncodecConfig(
        target_bandwidths=sorted({kbps, config.codebooks * 10 * (tok.token_rate or 0) / 1000}),
        sampling_rate=tok.sample_rate or 0,
        audio_channels=config.channels,
        num_filters=config.filters,
        upsampling_ratios=list(config.strides),
        norm_type=config.norm,
        use_causal_conv=config.causal,
        codebook_size=config.codebook_size,
        use_conv_shortcut=config.conv_shortcut,
    )
    return transformers.EncodecModel(own).eval(), {"bandwidth": kbps}
