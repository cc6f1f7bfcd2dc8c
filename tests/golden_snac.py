"""SNAC against its recorded upstream runs: every stage, ids exact."""

import torch
from golden_case import Case

from zoo.audio_tokenizer import whole_frames
from zoo.models.layers.snake import EPSILON
from zoo.models.snac.config import SnacConfig
from zoo.models.snac.keys import ORIGINAL
from zoo.models.snac.layers import HEAD
from zoo.models.snac.model import SnacModel, build_model
from zoo.typed import from_mapping

STAGE = 2e-5
SOUND = 1e-4


def check(case: Case) -> None:
    config = config_of(case)
    model = case.model(build_model, config, ORIGINAL)
    with torch.inference_mode():
        ids_and_sound(case, config, model)


def config_of(case: Case) -> SnacConfig:
    given = case.config
    config = from_mapping(
        SnacConfig,
        {
            "encoder_width": given["encoder_dim"],
            "encoder_strides": given["encoder_rates"],
            "decoder_width": given["decoder_dim"],
            "decoder_strides": given["decoder_rates"],
            "window": given["attn_window_size"],
            "codebook": {"size": given["codebook_size"], "dim": given["codebook_dim"]},
            "level_strides": given["vq_strides"],
            "noise": given["noise"],
            "depthwise": given["depthwise"],
        },
        "golden",
    )
    assert (config.latent_width, config.hop) == (given["latent_dim"], given["hop_length"])
    assert (given["attention_dim_head"], given["snake_eps"]) == (HEAD, EPSILON)
    return config


def ids_and_sound(case: Case, config: SnacConfig, model: SnacModel) -> None:
    sound = case.input("audio")
    padded = whole_frames(sound, config.hop * config.block)
    case.equal("audio_padded_length", torch.tensor([padded.shape[-1]]))
    latents = model.encoder(padded)
    case.close("features", latents, STAGE)
    ids = model.quantizer.ids(latents)
    for level, found in enumerate(ids):
        case.equal(f"codes.{level}", found)
    vectors = model.quantizer.vectors(ids)
    case.close("z_q", vectors, STAGE)
    case.close("z_q_first_only", model.quantizer.vectors(ids[:1]), STAGE)
    lengths = model.decoder.noise_lengths(vectors.shape[-1])
    noise = [case.input(f"noise.{block}") for block in range(len(lengths))]
    assert [one.shape[-1] for one in noise] == lengths
    decoded = model.decoder(vectors, noise)
    case.close("decoded", decoded, SOUND)
    case.close("forward_audio", decoded[..., : sound.shape[-1]], SOUND)
    case.close("decoded_zero_noise", model.decoder(vectors), SOUND)
