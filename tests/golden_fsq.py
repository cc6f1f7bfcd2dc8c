"""X-codec 2 and NeuCodec against recorded runs of their original packages."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from golden_case import Case
from split_attention import split
from torch import Tensor
from torch.nn.functional import pad

from zoo.models.layers.fsq_codec import FsqCodecConfig, FsqCodecParts, spectrum
from zoo.models.layers.weight_norm import weight_norm
from zoo.weights import KeyTable, Rule, fill

HEARD = 2e-4  # the spectrum: double precision in numpy there, Kaldi's single precision here
STAGE = 5e-5
SOUND = 1e-4
RATE = 16000

_CONSTANT = "a constant of the architecture"


def _activation(theirs: str, ours: str) -> KeyTable:
    return (
        Rule(f"{theirs}.act.{{w}}", f"{ours}.act.{{w}}"),
        Rule(f"{theirs}.upsample.filter", None, _CONSTANT),
        Rule(f"{theirs}.downsample.lowpass.filter", None, _CONSTANT),
    )


def _encoder(strides: int) -> Iterator[Rule]:
    yield from weight_norm("CodecEnc.conv_blocks.0", "acoustic_encoder.conv1")
    for number in range(strides):
        theirs = f"CodecEnc.conv_blocks.{number + 1}.block"
        ours = f"acoustic_encoder.block.{number}"
        for unit in range(3):
            yield from _activation(f"{theirs}.{unit}.block.0", f"{ours}.res_unit{unit + 1}.snake1")
            yield from weight_norm(f"{theirs}.{unit}.block.1", f"{ours}.res_unit{unit + 1}.conv1")
            yield from _activation(f"{theirs}.{unit}.block.2", f"{ours}.res_unit{unit + 1}.snake2")
            yield from weight_norm(f"{theirs}.{unit}.block.3", f"{ours}.res_unit{unit + 1}.conv2")
        yield from _activation(f"{theirs}.3", f"{ours}.snake1")
        yield from weight_norm(f"{theirs}.4", f"{ours}.conv1")
    yield from _activation("CodecEnc.conv_final_block.0", "acoustic_encoder.snake1")
    yield from weight_norm("CodecEnc.conv_final_block.1", "acoustic_encoder.conv2")


_LAYER, _OURS = "generator.backbone.transformers.{i}", "acoustic_decoder.layers.{i}"


def keys(heard: int, strides: int) -> KeyTable:
    """Upstream's names -> ours, behind :func:`split`."""
    return (
        Rule("semantic_model.masked_spec_embed", None, "training only"),
        Rule(f"semantic_model.encoder.layers.{heard}.{{rest*}}", None, "behind what is heard"),
        Rule("semantic_model.{rest*}", "semantic_encoder.{rest*}"),
        Rule("SemanticEncoder_module.initial_conv.{w}", "semantic_adapter.conv1.{w}"),
        Rule("SemanticEncoder_module.residual_blocks.1.{w}", "semantic_adapter.conv2.{w}"),
        Rule("SemanticEncoder_module.residual_blocks.3.{w}", "semantic_adapter.conv3.{w}"),
        Rule("SemanticEncoder_module.final_conv.{w}", "semantic_adapter.conv4.{w}"),
        *_encoder(strides),
        Rule("fc_prior.{w}", "fc_encoder.{w}"),
        Rule("generator.quantizer.{proj}.{w}", "quantizer.{proj}.{w}"),
        Rule("fc_post_a.{w}", "acoustic_decoder.fc.{w}"),
        Rule("generator.backbone.embed.{w}", "acoustic_decoder.embed.{w}"),
        Rule(f"{_LAYER}.att_norm.{{w}}", f"{_OURS}.input_layernorm.{{w}}"),
        Rule(f"{_LAYER}.ffn_norm.{{w}}", f"{_OURS}.post_attention_layernorm.{{w}}"),
        Rule(f"{_LAYER}.att.c_proj.{{w}}", f"{_OURS}.self_attn.o_proj.{{w}}"),
        Rule(f"{_LAYER}.att.{{proj}}.{{w}}", f"{_OURS}.self_attn.{{proj}}.{{w}}"),
        Rule(f"{_LAYER}.mlp.{{fc}}.{{w}}", f"{_OURS}.mlp.{{fc}}.{{w}}"),
        Rule("generator.backbone.final_layer_norm.{w}", "acoustic_decoder.norm.{w}"),
        Rule("generator.backbone.{net}.{i}.{layer}.{w}", "acoustic_decoder.{net}.{i}.{layer}.{w}"),
        Rule("generator.head.out.{w}", "acoustic_decoder.head.linear.{w}"),
        Rule("generator.head.istft.window", None, _CONSTANT),
    )


def compare(
    case: Case,
    config: FsqCodecConfig,
    build: Callable[[Any], FsqCodecParts],
    hear: Callable[[Tensor], Tensor],
) -> None:
    """What is heard, every stage of the model, ids exact.

    Args:
        hear: what the speech encoder hears of a sound [samples] of whole hops.
    """
    given = case.config
    with torch.device("meta"):
        model = build(config)
    table = keys(given["semantic"]["layer"], len(given["up_ratios"]))
    state = dict(split(case.state, given["heads"], "att.c_attn", "att.{}_proj"))
    fill(model, [state], table)
    model.eval()
    sound = case.input("audio")
    whole = (sound.shape[-1] // config.hop + 1) * config.hop
    padded = pad(sound, (0, whole - sound.shape[-1]))
    case.close("padded", padded, 0.0)
    heard = spectrum(hear(padded[0, 0]), RATE)
    case.close("features", heard[None], HEARD)
    theirs = case.io["features"]
    positions = torch.tensor([theirs.shape[1]])
    with torch.inference_mode():
        acoustic = model.acoustic_encoder(padded)
        case.close("acoustic", acoustic, STAGE)
        states = model.semantic_encoder(theirs).last_hidden_state
        case.close("semantic", model.semantic_adapter(states.transpose(1, 2)), STAGE)
        latents = model.latents(padded, torch.tensor([whole]), [theirs[0]])
        case.close("fused", latents, STAGE)
        case.close("projected", model.quantizer.project_in(latents), STAGE)
        for features in (theirs[0], heard):  # what differs between them is too little for ids
            found = model.ids(model.latents(padded, torch.tensor([whole]), [features]))
            case.equal("codes", found)
        vectors = model.vectors(case.io["codes"].long())
        case.close("post", model.acoustic_decoder.fc(vectors), STAGE)
        before: list[Tensor] = []
        model.acoustic_decoder.norm.register_forward_hook(lambda _, __, out: before.append(out))
        (decoded,) = model.sound(vectors, positions)
        case.close("backbone", before[0], STAGE)
        case.close("decoded", decoded[None], SOUND)


def config_of(case: Case) -> dict[str, Any]:
    given, semantic = case.config, case.config["semantic"]
    return {
        "encoder_width": given["ngf"],
        "strides": given["up_ratios"],
        "semantic": {
            "width": semantic["hidden_size"],
            "depth": semantic["layer"],
            "heads": semantic["num_attention_heads"],
            "hidden": semantic["intermediate_size"],
        },
        "decoder": {
            "width": given["hidden_dim"],
            "depth": given["depth"],
            "heads": given["heads"],
            "hidden": 4 * given["hidden_dim"],
        },
        "levels": given["levels"],
    }
