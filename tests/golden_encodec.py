"""EnCodec against recorded runs of the original package, through transformers' model."""

import torch
from golden_case import Case
from torch import Tensor

from zoo.models.encodec.config import EncodecConfig
from zoo.models.encodec.keys import ORIGINAL
from zoo.models.encodec.model import build_model, quantized
from zoo.models.encodec.segments import cut, loudness, overlap_add
from zoo.typed import from_mapping
from zoo.weights import fill

STAGE = 2e-5
SOUND = 1e-4
SCALE = 1e-6


def check(case: Case) -> None:
    config = config_of(case)
    with torch.device("meta"):
        model = build_model(config)
    fill(model, [case.state], ORIGINAL)
    model.eval()
    sound = case.input("audio")
    pieces = cut(sound, config.segments, config.hop)
    scales = [loudness(piece) if config.segments else torch.ones(len(sound)) for piece in pieces]
    with torch.inference_mode():
        latents = [
            model.encoder(piece / scale[:, None, None])
            for piece, scale in zip(pieces, scales, strict=True)
        ]
        if config.segments is None:
            case.close("features", latents[0], STAGE)
        decoded = torch.empty(0)
        for bandwidth in case.config["target_bandwidths"]:
            name = f"bw{bandwidth}".replace(".", "p")
            count = case.io[f"{name}.codes.0"].shape[1]
            parts: list[Tensor] = []
            for number, (found, scale) in enumerate(zip(latents, scales, strict=True)):
                codes = torch.stack(quantized(model, found, count), dim=1)
                case.equal(f"{name}.codes.{number}", codes)
                if config.segments:
                    case.close(f"{name}.scale.{number}", scale[:, None], SCALE)
                vectors = model.quantizer.decode(codes.transpose(0, 1))
                parts.append(model.decoder(vectors) * scale[:, None, None])
            decoded = overlap_add(parts, config.segments.advance) if config.segments else parts[0]
            case.close(f"{name}.decoded", decoded, SOUND)
        case.close("forward", decoded[..., : sound.shape[-1]], SOUND)


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
