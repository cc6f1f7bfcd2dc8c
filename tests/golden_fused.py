"""X-codec and Higgs audio v2 against recorded runs of their original packages."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from golden_case import Case

from zoo.models.layers.fused_codec import FusedConfig, FusedParts
from zoo.models.layers.fused_keys import ORIGINAL
from zoo.typed import from_mapping

STAGE = 5e-5
SOUND = 1e-4

Config = TypeVar("Config", bound=FusedConfig)


def compare(case: Case, config: Config, build: Callable[[Config], FusedParts]) -> None:
    """Every stage, all codebooks and two of them, ids exact."""
    model = case.model(build, config, ORIGINAL)
    sound = case.input("audio")
    lengths = torch.full((len(sound),), sound.shape[-1])
    with torch.inference_mode():
        hidden = model._semantic(sound, lengths)
        case.close("hidden", hidden.transpose(1, 2), STAGE)
        case.close("semantic", model.encoder_semantic(hidden), STAGE)
        case.close("acoustic", model.acoustic_encoder(sound), STAGE)
        latents = model.latents(sound, lengths)
        case.close("fused", latents.transpose(1, 2), STAGE)
        for suffix, count in (("", None), ("_2", 2)):
            codes = model.ids(latents, count)
            slots = case.config["slots_first"]
            case.equal(f"codes{suffix}", codes.transpose(0, 1) if slots else codes)
            vectors = model.vectors(codes)
            if count is None:
                case.close("quantized", vectors, STAGE)
            decoded = model.sound(vectors, lengths // config.hop)
            case.close(f"decoded{suffix}", torch.stack(decoded), SOUND)


def config_of(case: Case, kind: type[Config], **more: Any) -> Config:
    given, semantic = case.config, case.config["semantic"]
    config = from_mapping(
        kind,
        {
            "acoustic": {
                "width": given["acoustic_width"],
                "strides": given["ratios"],
                "decoder_width": given["decoder_width"],
                "latents": given["latents"],
            },
            "semantic": {
                "kind": semantic["kind"],
                "width": semantic["hidden_size"],
                "depth": semantic["num_hidden_layers"],
                "heads": semantic["num_attention_heads"],
                "hidden": semantic["intermediate_size"],
                "conv_width": semantic["conv_dim"],
                "norm": "group",
                "conv_bias": False,
                "norm_first": False,
            },
            "rate": given["sample_rate"],
            "semantic_rate": given["semantic_sample_rate"],
            "codebooks": given["n_q"],
            "codebook_size": given["bins"],
            **more,
        },
        "golden",
    )
    assert config.hop == given["hop_length"]
    return config
