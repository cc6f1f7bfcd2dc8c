"""BigCodec against its recorded upstream runs: every stage, ids exact."""

import torch
from golden_case import Case
from torch.nn.functional import pad

from zoo.models.bigcodec.config import BigCodecConfig
from zoo.models.bigcodec.keys import ORIGINAL
from zoo.models.bigcodec.model import DILATIONS, Residual, Stage, build_model
from zoo.models.bigcodec.smooth_snake import low_pass
from zoo.models.layers.residual_codec import ResidualCodec
from zoo.typed import from_mapping

STAGE = 5e-5
SOUND = 1e-4


def check(case: Case) -> None:
    config = config_of(case)
    model = case.model(build_model, config, ORIGINAL)
    for name, theirs in case.state.items():
        assert not name.endswith(".filter") or torch.allclose(theirs[0, 0], low_pass(), atol=1e-7)
    with torch.inference_mode():
        ids_and_sound(case, config, model)


def config_of(case: Case) -> BigCodecConfig:
    encoder, decoder = case.config["codec_encoder"], case.config["codec_decoder"]
    config = from_mapping(
        BigCodecConfig,
        {
            "encoder_width": encoder["ngf"],
            "encoder_strides": encoder["up_ratios"],
            "latent_width": encoder["out_channels"],
            "codebook": {"size": decoder["codebook_size"], "dim": decoder["codebook_dim"]},
            "decoder_width": decoder["upsample_initial_channel"],
            "decoder_strides": decoder["up_ratios"],
        },
        "golden",
    )
    assert config.hop == case.config["hop_length"]
    assert config.latent_width == decoder["in_channels"] == decoder["vq_dim"]
    assert decoder["vq_num_quantizers"] == 1
    for half in (encoder, decoder):
        assert tuple(half["dilations"]) == DILATIONS
        assert half["use_rnn"]
        assert (half["rnn_bidirectional"], half["rnn_num_layers"]) == (False, 2)
    return config


def ids_and_sound(case: Case, config: BigCodecConfig, model: ResidualCodec) -> None:
    stage = model.encoder[1]
    assert isinstance(stage, Stage)
    unit = stage.block[0]
    assert isinstance(unit, Residual)
    case.close("act_out", unit.block[0](case.input("act_in")), STAGE)

    sound = case.input("audio")
    padded = pad(sound, (0, config.hop - sound.shape[-1] % config.hop))
    case.close("audio_padded", padded, 0.0)
    latents = model.encoder(padded)
    case.close("features", latents, STAGE)
    ids = model.quantizer.ids(latents)
    case.equal("codes", torch.stack(ids))
    vectors = model.quantizer.vectors(ids)
    case.close("quantized", vectors, STAGE)
    case.close("quantized_from_codes", vectors, STAGE)
    decoded = model.decoder(vectors)
    case.close("decoded", decoded, SOUND)
    case.close("decoded_from_codes", decoded, SOUND)
