"""transformers' own classes of codecs, to compare with."""

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer
from zoo.families import family_module

STEPPED = ("dac", "encodec", "mimi")  # families of which pieces can be compared


class Bare(NamedTuple):
    """A class of transformers, and how it encodes a batch of sounds [item, channel, sample]."""

    model: Any
    encode: Callable[[Tensor], Any]


@cache
def bare_class(tok: AudioTokenizer, prefix: int | None) -> Bare:
    """The class at the size of a card, encoding a prefix (None: all)."""
    if tok.family in ("xcodec2", "neucodec"):
        return _with_extractor(tok)
    model, full = _by_name(tok, prefix or len(tok.vocab_sizes))
    model.eval()
    return Bare(model, partial(model.encode, **full))


def _with_extractor(tok: AudioTokenizer) -> Bare:
    """Of classes that hear a sound and features of it, which are theirs to compute."""
    import transformers

    theirs = {"xcodec2": "Xcodec2", "neucodec": "NeuCodec"}[tok.family]
    config = getattr(transformers, f"{theirs}Config")(**tok.config.theirs())
    model = getattr(transformers, f"{theirs}Model")(config).eval()
    extract = getattr(transformers, f"{theirs}FeatureExtractor")()

    def encode(batch: Tensor) -> Any:
        rate = tok.sample_rate
        return model.encode(**extract(batch[0, 0].numpy(), sampling_rate=rate, return_tensors="pt"))

    return Bare(model, encode)


def _by_name(tok: AudioTokenizer, count: int) -> tuple[Any, dict[str, Any]]:
    import transformers

    config = tok.config
    if tok.family == "dac":
        own = transformers.DacConfig(
            encoder_hidden_size=config.encoder_width,
            downsampling_ratios=list(config.strides),
            decoder_hidden_size=config.decoder_width,
            n_codebooks=config.codebooks,
            codebook_size=config.codebook_size,
            codebook_dim=config.codebook_dim,
        )
        return transformers.DacModel(own), {"n_quantizers": count}
    if tok.family == "mimi":
        return transformers.MimiModel(transformers.MimiConfig()), {"num_quantizers": count}
    if tok.family == "xcodec":
        model = transformers.XcodecModel(transformers.XcodecConfig())  # of the two for HuBERT
        return model, {"bandwidth": count / 2}
    if tok.family == "higgs":
        home = import_module(f"{family_module(tok.family).__name__}.model")
        return home.their_model(config), {}
    if tok.family != "encodec":
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
    return transformers.EncodecModel(own), {"bandwidth": kbps}
