"""EnCodec against recorded runs of the original package."""

from collections.abc import Iterator

import torch
from golden_case import Case
from torch import Tensor

from zoo.models.encodec.config import EncodecConfig
from zoo.models.encodec.keys import ORIGINAL
from zoo.models.encodec.model import build_model
from zoo.models.encodec.segmented import decode_segments, encode_segments
from zoo.models.layers.residual_codec import ResidualCodec
from zoo.typed import from_mapping

STAGE = 2e-5
SOUND = 1e-4
SCALE = 1e-6


def check(case: Case) -> None:
    config = config_of(case)
    model = case.model(build_model, config, ORIGINAL)
    sound = case.input("audio")
    with torch.inference_mode():
        decoded = (
            whole(case, model, sound) if config.segments is None else parts(case, model, sound)
        )
    case.close("forward", decoded[..., : sound.shape[-1]], SOUND)


def bandwidths(case: Case) -> Iterator[tuple[str, int]]:
    """Names of what was recorded at one bandwidth, and its number of codebooks."""
    for bandwidth in case.config["target_bandwidths"]:
        name = f"bw{bandwidth}".replace(".", "p")
        yield name, case.io[f"{name}.codes.0"].shape[1]


def whole(case: Case, model: ResidualCodec, sound: Tensor) -> Tensor:
    """At 24 kHz: the sound in one."""
    latents, decoded = model.encoder(sound), torch.empty(0)
    case.close("features", latents, STAGE)
    for name, count in bandwidths(case):
        ids = model.quantizer.ids(latents, count)
        case.equal(f"{name}.codes.0", torch.stack(ids, dim=1))
        decoded = model.decoder(model.quantizer.vectors(ids))
        case.close(f"{name}.decoded", decoded, SOUND)
    return decoded


def parts(case: Case, model: ResidualCodec, sound: Tensor) -> Tensor:
    """At 48 kHz: in segments."""
    config, decoded = config_of(case), torch.empty(0)
    lengths = torch.tensor([sound.shape[-1]] * len(sound))
    for name, count in bandwidths(case):

        def ids_of(latents: Tensor, count: int = count) -> Tensor:
            return torch.stack(model.quantizer.ids(latents, count), dim=1)

        def sound_of(ids: Tensor) -> Tensor:
            return model.decoder(model.quantizer.vectors(ids.unbind(1)))

        codes, scales = encode_segments(model.encoder, ids_of, sound, lengths, config)
        together, loud = torch.stack(codes), torch.stack(scales)
        full = -(-config.segments.length // config.hop) if config.segments else 0
        for number, ids in enumerate(together.split(full, dim=-1)):
            case.equal(f"{name}.codes.{number}", ids)
            case.close(f"{name}.scale.{number}", loud[:, number, None], SCALE)
        ends = torch.tensor([together.shape[-1]] * len(together))
        decoded = torch.stack(decode_segments(sound_of, together, loud, ends, config))
        case.close(f"{name}.decoded", decoded, SOUND)
    return decoded


def config_of(case: Case) -> EncodecConfig:
    given = case.config
    segments = {"length": given["segment_length"], "advance": given["segment_stride"]}
    config = from_mapping(
        EncodecConfig,
        {
            "channels": given["channels"],
            "filters": given["n_filters"],
            "strides": given["ratios"],
            "latent_width": given["dimension"],
            "causal": given["causal"],
            "norm": given["norm"],
            "conv_shortcut": True,
            "codebooks": given["n_q"],
            "codebook_size": given["bins"],
            "segments": segments if given["segment"] else None,
        },
        "golden",
    )
    assert given["normalize"] == (config.segments is not None)
    assert config.hop == given["hop_length"]
    return config
