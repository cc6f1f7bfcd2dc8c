"""WavTokenizer against its recorded upstream runs: every stage, ids exact."""

import torch
from golden_case import Case
from golden_seanet import SOUND, STAGE, sizes
from torch import Tensor

from zoo.models.layers.seanet import Seanet
from zoo.models.wavtokenizer.config import WavTokenizerConfig
from zoo.models.wavtokenizer.decoder import BANDWIDTHS
from zoo.models.wavtokenizer.keys import ORIGINAL
from zoo.models.wavtokenizer.mixing import EPSILON, GROUPS
from zoo.models.wavtokenizer.model import WavTokenizerModel, build_model
from zoo.typed import from_mapping


def check(case: Case) -> None:
    model = case.model(build_model, config_of(case), ORIGINAL)
    with torch.inference_mode():
        ids_and_sound(case, model)


def config_of(case: Case) -> WavTokenizerConfig:
    given = case.config
    config = from_mapping(
        WavTokenizerConfig,
        {
            **sizes(given),
            "codebook_size": given["codebook_size"],
            "decoder": {
                "width": given["dim"],
                "depth": given["num_layers"],
                "hidden": given["intermediate_dim"],
                "window": given["n_fft"],
            },
        },
        "golden",
    )
    assert config.hop == given["hop_length"]
    assert config.net == Seanet(given["n_filters"], tuple(given["strides"]), given["dimension"])
    assert (given["groupnorm_groups"], given["norm_eps"]) == (GROUPS, EPSILON)
    assert (given["adanorm_num_embeddings"], given["n_q"]) == (BANDWIDTHS, 1)
    return config


def ids_and_sound(case: Case, model: WavTokenizerModel) -> None:
    sound = case.input("audio")[:, None]
    latents = model.encoder(sound)
    case.close("features", latents, STAGE)
    ids = model.quantizer.ids(latents)
    case.equal("codes", torch.stack(ids))
    codewords = model.quantizer.vectors(ids)
    case.close("quantized", codewords, STAGE)
    case.close("quantized_from_codes", codewords, STAGE)

    case.close("pos_net", model.decoder.mixed(codewords), SOUND)
    for bandwidth in (0, 2):
        frames = model.decoder(codewords, bandwidth)
        case.close(f"backbone_bw{bandwidth}", frames, SOUND)
        case.close(f"decoded_bw{bandwidth}", model.head(frames)[:, 0], SOUND)
    case.close("decoded_from_codes_bw0", decoded(model, codewords), SOUND)
    case.close("decoded_7frames_bw0", decoded(model, codewords[:1, :, :7]), SOUND)

    short = sound.shape[-1] // 2 + 5  # as recorded: frames that end within a stride
    ids = model.quantizer.ids(model.encoder(sound[..., :short]))
    case.equal("codes_short", torch.stack(ids))
    case.close("decoded_short_bw0", decoded(model, model.quantizer.vectors(ids)), SOUND)


def decoded(model: WavTokenizerModel, codewords: Tensor) -> Tensor:
    """[item, width, frame] -> [item, samples]"""
    return model.head(model.decoder(codewords))[:, 0]
