"""Published tensor names -> ours: OpenAI's CLIP, upstream's ``best.pth``, transformers' CLIP.

Source: state dicts of openai/CLIP, of ``VTRModel`` (LunarShen/TempMe e624930), whose names are
OpenAI's below ``clip.`` with additions named TVPt, and of transformers' ``CLIPModel``. The three
share no name, so that one table reads them all.
"""

import torch
from torch import Tensor

from zoo.weights import KeyTable, Rule


def _with_lora(weight: Tensor, down: Tensor, up: Tensor) -> Tensor:
    """W + B A: [3w, w], [r, w] and [3w, r] -> [3w, w]."""
    return weight + up @ down


def _transposed(weight: Tensor) -> Tensor:
    """Applied as x @ weight there, as a linear layer here."""
    return weight.T


def _fused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return torch.cat([query, key, value])


def _openai_blocks(theirs: str, ours: str, *, lora: bool) -> KeyTable:
    block, mine = f"{theirs}.resblocks.{{i}}", f"{ours}.blocks.{{i}}"
    added = (f"{block}.attn.TVPt_LoRA_a", f"{block}.attn.TVPt_LoRA_b")
    weight = f"{block}.attn.in_proj_weight", f"{mine}.attention.qkv.weight"
    why = "added to the weight that it adapts"
    return (
        Rule(*weight, change=_with_lora, beside=added) if lora else Rule(*weight),
        *(Rule(name, None, why) for name in added if lora),
        Rule(f"{block}.attn.in_proj_bias", f"{mine}.attention.qkv.bias"),
        Rule(f"{block}.attn.out_proj.{{w}}", f"{mine}.attention.proj.{{w}}"),
        Rule(f"{block}.ln_1.{{w}}", f"{mine}.norm1.{{w}}"),
        Rule(f"{block}.ln_2.{{w}}", f"{mine}.norm2.{{w}}"),
        Rule(f"{block}.mlp.c_fc.{{w}}", f"{mine}.mlp.fc1.{{w}}"),
        Rule(f"{block}.mlp.c_proj.{{w}}", f"{mine}.mlp.fc2.{{w}}"),
    )


def _openai(clip: str, *, lora: bool) -> KeyTable:
    visual = f"{clip}visual"
    return (
        Rule(f"{visual}.conv1.weight", "encoder.patches.weight"),
        Rule(f"{visual}.class_embedding", "encoder.class_token"),
        Rule(f"{visual}.positional_embedding", "encoder.positions"),
        Rule(f"{visual}.ln_pre.{{w}}", "encoder.norm_in.{w}"),
        *_openai_blocks(f"{visual}.transformer", "encoder", lora=lora),
        Rule(f"{visual}.ln_post.{{w}}", "video_head.norm.{w}"),
        Rule(f"{visual}.proj", "video_head.project.weight", change=_transposed),
        Rule(f"{clip}token_embedding.weight", "text.words.weight"),
        Rule(f"{clip}positional_embedding", "text.positions"),
        *_openai_blocks(f"{clip}transformer", "text", lora=lora),
        Rule(f"{clip}ln_final.{{w}}", "text.norm.{w}"),
        Rule(f"{clip}text_projection", "text.project.weight", change=_transposed),
        Rule(f"{clip}logit_scale", "log_scale"),
    )


def _huggingface_blocks(theirs: str, ours: str) -> KeyTable:
    layer, mine = f"{theirs}.encoder.layers.{{i}}", f"{ours}.blocks.{{i}}"
    query, key, value = (f"{layer}.self_attn.{part}_proj.{{w}}" for part in "qkv")
    why = "in the fused projection"
    return (
        Rule(query, f"{mine}.attention.qkv.{{w}}", change=_fused, beside=(key, value)),
        Rule(key, None, why),
        Rule(value, None, why),
        Rule(f"{layer}.self_attn.out_proj.{{w}}", f"{mine}.attention.proj.{{w}}"),
        Rule(f"{layer}.layer_norm1.{{w}}", f"{mine}.norm1.{{w}}"),
        Rule(f"{layer}.layer_norm2.{{w}}", f"{mine}.norm2.{{w}}"),
        Rule(f"{layer}.mlp.{{part}}.{{w}}", f"{mine}.mlp.{{part}}.{{w}}"),
    )


_COUNTING = "counts from 0"

_HUGGINGFACE: KeyTable = (
    Rule("{tower}.embeddings.position_ids", None, _COUNTING),
    Rule("vision_model.embeddings.patch_embedding.weight", "encoder.patches.weight"),
    Rule("vision_model.embeddings.class_embedding", "encoder.class_token"),
    Rule("vision_model.embeddings.position_embedding.weight", "encoder.positions"),
    Rule("vision_model.pre_layrnorm.{w}", "encoder.norm_in.{w}"),  # as it is spelled there
    *_huggingface_blocks("vision_model", "encoder"),
    Rule("vision_model.post_layernorm.{w}", "video_head.norm.{w}"),
    Rule("visual_projection.weight", "video_head.project.weight"),
    Rule("text_model.embeddings.token_embedding.weight", "text.words.weight"),
    Rule("text_model.embeddings.position_embedding.weight", "text.positions"),
    *_huggingface_blocks("text_model", "text"),
    Rule("text_model.final_layer_norm.{w}", "text.norm.{w}"),
    Rule("text_projection.weight", "text.project.weight"),
    Rule("logit_scale", "log_scale"),
)

CLIP: KeyTable = (
    Rule(
        "clip.visual.transformer.resblocks.{i}.TVPt_Video_Positional_embedding",
        "encoder.blocks.{i}.clip_positions",
        change=lambda positions: positions[0, :, 0],
    ),
    Rule(
        None,
        "encoder.blocks.{i}.clip_positions",
        "plain CLIP has no positions of frames; upstream's training starts from zero",
    ),
    *_openai("clip.", lora=True),
    *_openai("", lora=False),
    Rule("input_resolution", None, "a number beside the weights"),
    Rule("context_length", None, "a number beside the weights"),
    Rule("vocab_size", None, "a number beside the weights"),
    *_HUGGINGFACE,
)

FORMATS = {"clip": CLIP}
