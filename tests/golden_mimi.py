"""Mimi against recorded runs of moshi's own."""

import torch
from golden_case import Case
from split_attention import split

from zoo.audio_tokenizer import whole_frames
from zoo.models.mimi.config import MimiConfig
from zoo.models.mimi.model import build_model
from zoo.typed import from_mapping
from zoo.weights import Rule, fill

STAGE = 5e-5
SOUND = 2e-4

_ATTENTION = "{half}_transformer.transformer.layers.{i}"
_LAYER = "{half}_transformer.layers.{i}"
MOSHI = (
    Rule("{half}.model.{i}.conv.conv.{w}", "{half}.{i}.conv.{w}"),
    Rule("{half}.model.{i}.convtr.convtr.{w}", "{half}.{i}.conv.{w}"),
    Rule("{half}.model.{i}.block.{j}.conv.conv.{w}", "{half}.{i}.block.{j}.conv.{w}"),
    Rule("downsample.conv.conv.conv.weight", "downsample.conv.weight"),
    Rule("upsample.convtr.convtr.convtr.weight", "upsample.conv.weight"),
    *(
        Rule(f"{_ATTENTION}.{theirs}", f"{_LAYER}.{ours}")
        for theirs, ours in {
            "self_attn.{letter}.weight": "self_attn.{letter}_proj.weight",
            "self_attn.out_projs.0.weight": "self_attn.o_proj.weight",
            "norm1.{w}": "input_layernorm.{w}",
            "norm2.{w}": "post_attention_layernorm.{w}",
            "linear1.weight": "mlp.fc1.weight",
            "linear2.weight": "mlp.fc2.weight",
            "layer_scale_1.scale": "self_attn_layer_scale.scale",
            "layer_scale_2.scale": "mlp_layer_scale.scale",
        }.items()
    ),
    *(
        rule
        for theirs, ours in {"first": "semantic", "rest": "acoustic"}.items()
        for rule in (
            Rule(
                f"quantizer.rvq_{theirs}.{{proj}}.weight",
                f"quantizer.{ours}_residual_vector_quantizer.{{proj}}.weight",
            ),
            *(
                Rule(
                    f"quantizer.rvq_{theirs}.vq.layers.{{i}}._codebook.{a}",
                    f"quantizer.{ours}_residual_vector_quantizer.layers.{{i}}.codebook.{b}",
                )
                for a, b in {
                    "_initialized": "initialized",
                    "cluster_usage": "cluster_usage",
                    "embedding_sum": "embed_sum",
                }.items()
            ),
        )
    ),
)


def check(case: Case) -> None:
    config = config_of(case)
    with torch.device("meta"):
        model = build_model(config)
    heads = config.transformer.heads
    state = dict(split(case.state, heads, "self_attn.in_projs.0", "self_attn.{}"))
    fill(model, [state], MOSHI)
    model.eval()
    with torch.inference_mode():
        padded = whole_frames(case.input("audio"), config.frame)
        case.equal("padded_length", torch.tensor([padded.shape[-1]]))
        found = model.encoder(padded)
        case.close("seanet_features", found, STAGE)
        mixed = model.encoder_transformer(found.transpose(1, 2)).last_hidden_state
        case.close("transformer_features", mixed.transpose(1, 2), STAGE)
        latents = model.latents(padded)
        case.close("features", latents, STAGE)
        for suffix, count in (("", None), ("_nq4", 4)):
            codes = model.quantizer.encode(latents, count).transpose(0, 1)
            case.equal(f"codes{suffix}", codes)
            vectors = model.quantizer.decode(codes)
            case.close(f"decoded{suffix}", model.sound(vectors), SOUND)
        codes = case.io["codes"]
        vectors = model.quantizer.decode(codes)
        case.close("z", vectors, STAGE)
        semantic = model.quantizer.semantic_residual_vector_quantizer
        case.close("z_semantic_only", semantic.decode(codes[:, :1]), STAGE)
        grown = model.upsample(vectors)
        case.close("upsampled", grown, STAGE)
        mixed = model.decoder_transformer(grown.transpose(1, 2)).last_hidden_state
        case.close("decoder_transformer", mixed.transpose(1, 2), STAGE)
    for name in ("streaming_codes", "streaming_decoded"):
        case.excuse(name, "moshi's streaming forgets keys of its context; ours is the one-shot")


def config_of(case: Case) -> MimiConfig:
    given = case.config
    assert given["seanet"]["compress"] == given["seanet"]["n_residual_layers"] * 2 == 2
    return from_mapping(
        MimiConfig,
        {
            "filters": given["n_filters"],
            "strides": given["ratios"],
            "width": given["dimension"],
            "transformer": {
                "depth": given["num_layers"],
                "heads": given["num_heads"],
                "hidden": given["dim_feedforward"],
                "context": given["context"],
            },
            "codebooks": {"count": given["n_q"], "size": given["bins"], "dim": given["vq_dim"]},
        },
        "golden",
    )
