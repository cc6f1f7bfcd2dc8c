"""SpeechTokenizer against its recorded upstream runs: every stage, ids exact."""

import torch
from golden_case import Case
from golden_seanet import SOUND, STAGE, sizes

from zoo.models.layers.residual_vq import ResidualQuantizer
from zoo.models.layers.seanet import KERNEL
from zoo.models.layers.snake import EPSILON
from zoo.models.speechtokenizer.config import SpeechTokenizerConfig
from zoo.models.speechtokenizer.keys import ORIGINAL
from zoo.models.speechtokenizer.model import SpeechTokenizerModel, build_model
from zoo.typed import from_mapping


def check(case: Case) -> None:
    model = case.model(build_model, config_of(case), ORIGINAL)
    with torch.inference_mode():
        ids_and_sound(case, model)


def config_of(case: Case) -> SpeechTokenizerConfig:
    given = case.config
    config = from_mapping(
        SpeechTokenizerConfig,
        {
            **sizes(given),
            "semantic_width": given["semantic_dimension"],
            "activation": given["activation"].lower(),
            "codebooks": given["n_q"],
            "codebook_size": given["codebook_size"],
        },
        "golden",
    )
    net = config.net
    assert (net.dilation_base, net.residual_kernel, net.residuals, net.lstm) == (
        given["dilation_base"],
        given["residual_kernel_size"],
        given["n_residual_layers"],
        given["lstm_layers"],
    )
    assert (net.hop, net.compress) == (given["hop_length"], given["residual_compress"])
    assert KERNEL == given["first_kernel"] == given["last_kernel"]
    assert given["snake_eps"] == EPSILON
    assert given["bidirectional"]
    assert not net.causal
    return config


def ids_and_sound(case: Case, model: SpeechTokenizerModel) -> None:
    sound, quantizer = case.input("audio"), model.quantizer
    latents = model.encoder(sound)
    case.close("features", latents, STAGE)
    ids = quantizer.ids(latents)
    case.equal("codes", torch.stack(ids))
    case.equal("codes_nq2", torch.stack(quantizer.ids(latents, 2)))
    rest = ResidualQuantizer(quantizer.levels[1:])
    case.equal("codes_st1", torch.stack(rest.ids(latents)))

    layers = [level.vectors(one) for level, one in zip(quantizer.levels, ids, strict=True)]
    for level, layer in enumerate(layers):
        case.close(f"layer_quantized.{level}", layer, STAGE)
    whole = quantizer.vectors(ids)
    case.close("quantized", whole, STAGE)
    case.close("quantized_first", quantizer.vectors(ids[:1]), STAGE)
    case.close("semantic_feature", model.transform(layers[0].transpose(1, 2)), STAGE)

    case.close("decoded", model.decoder(whole), SOUND)
    case.close("forward_audio", model.decoder(whole), SOUND)
    case.close("decoded_first_codebook", model.decoder(layers[0]), SOUND)
    nothing = torch.full_like(ids[0], -1)
    case.close("decoded_rest_st1", model.decoder(quantizer.vectors([nothing, *ids[1:]])), SOUND)

    short = sound.shape[-1] // 2 + 3  # as recorded: frames that end within a stride
    latents = model.encoder(sound[..., :short])
    ids = quantizer.ids(latents)
    case.equal("codes_short", torch.stack(ids))
    case.close("decoded_short", model.decoder(quantizer.vectors(ids)), SOUND)
