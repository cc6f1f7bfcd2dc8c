"""DAC against recorded runs of the original package, through transformers' model."""

from math import prod

import torch
from golden_case import Case

from zoo.audio_tokenizer import whole_frames
from zoo.models.dac.config import DacConfig
from zoo.models.dac.keys import ORIGINAL
from zoo.models.dac.model import build_model
from zoo.typed import from_mapping

STAGE = 2e-5
SOUND = 1e-4


def check(case: Case) -> None:
    config = config_of(case)
    model = case.model(build_model, config, ORIGINAL)
    with torch.inference_mode():
        sound = case.input("audio")
        padded = whole_frames(sound, config.hop)
        case.close("audio_padded", padded, 0)
        latents = model.encoder(padded)
        case.close("features", latents, STAGE)
        for suffix, count in (("", None), (few(case), int(few(case)[3:]))):
            vectors, codes, projected, *losses = model.quantizer(latents, count)
            case.equal(f"codes{suffix}", codes)
            case.close(f"z{suffix}", vectors, STAGE)
            decoded = model.decoder(vectors)
            case.close(f"decoded{suffix}", decoded, SOUND)
            if count is None:
                case.close("latents", projected, STAGE)
                case.close("forward_audio", decoded[..., : sound.shape[-1]], SOUND)
                for name, loss in zip(("commitment_loss", "codebook_loss"), losses, strict=True):
                    case.close(name, loss.mean().reshape(1), STAGE)
        vectors, rows, _ = model.quantizer.from_codes(case.io["codes"])
        case.close("z_from_codes", vectors, STAGE)
        case.close("codewords_from_codes", rows, 0)
        decoded = model.decoder(vectors)
        case.close("decoded_from_codes", decoded, SOUND)
    assert decoded.shape[-1] == case.config["decoded_length"]
    for name in ("nopad_audio", "nopad_codes", "nopad_decoded"):
        case.excuse(name, "upstream's chunked mode without padding, which we do not have")


def few(case: Case) -> str:
    """The suffix of what was recorded with fewer codebooks."""
    (name,) = (name for name in case.io if name.startswith("codes_nq"))
    return name.removeprefix("codes")


def config_of(case: Case) -> DacConfig:
    given = case.config
    config = from_mapping(
        DacConfig,
        {
            "encoder_width": given["encoder_dim"],
            "strides": given["encoder_rates"],
            "decoder_width": given["decoder_dim"],
            "codebooks": given["n_codebooks"],
            "codebook_size": given["codebook_size"],
            "codebook_dim": given["codebook_dim"],
        },
        "golden",
    )
    assert given["decoder_rates"] == list(reversed(config.strides))
    assert config.hop == prod(config.strides) == given["hop_length"]
    return config
