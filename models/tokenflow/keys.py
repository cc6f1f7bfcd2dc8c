"""Upstream's tensor names -> ours.

Source: state dict of ByteFlow-AI/TokenFlow 9812da0 (``TokenFlow`` in vq_model.py), for both towers.
"""

from torch import Tensor

from zoo.weights import KeyTable, Rule


def _as_linear(kernel: Tensor) -> Tensor:
    """A 1x1 convolution's weight [out, in, 1, 1] -> [out, in]."""
    return kernel[:, :, 0, 0]


def _resnet(theirs: str, ours: str) -> KeyTable:
    return (
        Rule(f"{theirs}.nin_shortcut.{{w}}", f"{ours}.conv_shortcut.{{w}}"),
        *(
            Rule(f"{theirs}.{part}.{{w}}", f"{ours}.{part}.{{w}}")
            for part in ("norm1", "conv1", "norm2", "conv2")
        ),
    )


def _attention(theirs: str, ours: str) -> KeyTable:
    names = {"q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
    return (
        Rule(f"{theirs}.norm.{{w}}", f"{ours}.group_norm.{{w}}"),
        *(
            rule
            for a, b in names.items()
            for rule in (
                Rule(f"{theirs}.{a}.weight", f"{ours}.{b}.weight", change=_as_linear),
                Rule(f"{theirs}.{a}.bias", f"{ours}.{b}.bias"),
            )
        ),
    )


def _convolutional(theirs: str, ours: str, blocks: str, resize: tuple[str, str]) -> KeyTable:
    level = f"{theirs}.conv_blocks.{{i}}"
    block = f"{ours}.{blocks}.{{i}}"
    return (
        Rule(f"{theirs}.conv_in.{{w}}", f"{ours}.conv_in.{{w}}"),
        *_resnet(f"{level}.res.{{j}}", f"{block}.resnets.{{j}}"),
        *_attention(f"{level}.attn.{{j}}", f"{block}.attentions.{{j}}"),
        Rule(f"{level}.{resize[0]}.{{rest*}}", f"{block}.{resize[1]}.0.{{rest*}}"),
        *_resnet(f"{theirs}.mid.0", f"{ours}.mid_block.resnets.0"),
        *_attention(f"{theirs}.mid.1", f"{ours}.mid_block.attentions.0"),
        *_resnet(f"{theirs}.mid.2", f"{ours}.mid_block.resnets.1"),
        Rule(f"{theirs}.norm_out.{{w}}", f"{ours}.conv_norm_out.{{w}}"),
        Rule(f"{theirs}.conv_out.{{w}}", f"{ours}.conv_out.{{w}}"),
    )


def _clip(theirs: str, ours: str) -> KeyTable:
    block, ourblock = f"{theirs}.transformer.resblocks.{{i}}", f"{ours}.blocks.{{i}}"
    return (
        Rule(f"{theirs}.class_embedding", f"{ours}.class_token"),
        Rule(f"{theirs}.positional_embedding", f"{ours}.positions"),
        Rule(f"{theirs}.conv1.weight", f"{ours}.patches.weight"),
        Rule(f"{theirs}.ln_pre.{{w}}", f"{ours}.norm_in.{{w}}"),
        Rule(f"{block}.attn.in_proj_weight", f"{ourblock}.attention.qkv.weight"),
        Rule(f"{block}.attn.in_proj_bias", f"{ourblock}.attention.qkv.bias"),
        Rule(f"{block}.attn.out_proj.{{w}}", f"{ourblock}.attention.proj.{{w}}"),
        Rule(f"{block}.ln_1.{{w}}", f"{ourblock}.norm1.{{w}}"),
        Rule(f"{block}.mlp.c_fc.{{w}}", f"{ourblock}.fc1.{{w}}"),
        Rule(f"{block}.mlp.c_proj.{{w}}", f"{ourblock}.fc2.{{w}}"),
        Rule(f"{block}.ln_2.{{w}}", f"{ourblock}.norm2.{{w}}"),
        Rule(f"{theirs}.ln_post.{{w}}", f"{ours}.norm_out.{{w}}"),
    )


def _siglip(theirs: str, ours: str, unused: int) -> KeyTable:
    block, ourblock = f"{theirs}.encoder.layers.{{i}}", f"{ours}.blocks.{{i}}"
    names = {"q_proj": "query", "k_proj": "key", "v_proj": "value", "out_proj": "out"}
    why = "the feature is what the last block but one gives"
    return (
        Rule(f"{theirs}.encoder.layers.{unused}.{{rest*}}", None, why=why),
        Rule(f"{theirs}.post_layernorm.{{w}}", None, why=why),
        Rule(f"{theirs}.head.{{rest*}}", None, why=why),
        Rule(f"{theirs}.embeddings.patch_embedding.{{w}}", f"{ours}.patches.{{w}}"),
        Rule(f"{theirs}.embeddings.position_embedding.weight", f"{ours}.positions"),
        *(
            Rule(f"{block}.self_attn.{a}.{{w}}", f"{ourblock}.attention.{b}.{{w}}")
            for a, b in names.items()
        ),
        Rule(f"{block}.layer_norm1.{{w}}", f"{ourblock}.norm1.{{w}}"),
        Rule(f"{block}.layer_norm2.{{w}}", f"{ourblock}.norm2.{{w}}"),
        Rule(f"{block}.mlp.{{part}}.{{w}}", f"{ourblock}.{{part}}.{{w}}"),
    )


def original(unused: int) -> KeyTable:
    """The table of upstream's files; ``unused`` is the index of SigLIP's last block."""
    return (
        *_convolutional(
            "encoder", "pixel_encoder.network", "down_blocks", ("downsample", "downsamplers")
        ),
        *_convolutional(
            "decoder", "pixel_decoder.network", "up_blocks", ("upsample", "upsamplers")
        ),
        Rule("quant_conv.{w}", "pixel_encoder.to_codes.{w}"),
        Rule("post_quant_conv.{w}", "pixel_decoder.from_codes.{w}"),
        *_siglip("encoder_vqkd.vision_model", "semantic_encoder.tower", unused),
        *_clip("encoder_vqkd", "semantic_encoder.tower"),
        Rule("encode_task_layer.{rest*}", "semantic_encoder.head.{rest*}"),
        Rule("decoder_vqkd.cls_token", "semantic_decoder.class_token", change=lambda t: t[0, 0]),
        Rule("decoder_vqkd.pos_embed", "semantic_decoder.positions", change=lambda t: t[0]),
        Rule(
            "decoder_vqkd.patch_embed.proj.weight",
            "semantic_decoder.embed.weight",
            change=_as_linear,
        ),
        Rule("decoder_vqkd.patch_embed.proj.bias", "semantic_decoder.embed.bias"),
        Rule("decoder_vqkd.blocks.{rest*}", "semantic_decoder.blocks.{rest*}"),
        Rule("decoder_vqkd.fc_norm.{w}", "semantic_decoder.norm.{w}"),
        Rule("decode_task_layer.{rest*}", "semantic_decoder.head.{rest*}"),
        Rule("quantize.embedding_vqkd.weight", "quantizer.semantic"),
        Rule("quantize.embedding_vqgan.weight", "quantizer.pixel"),
        Rule("quantize.codebook_used", None, why="a window of recently used ids, for logging"),
        Rule("scaling_layer.{constant}", None, why="the constant 0.5, which stands in our code"),
    )


FORMATS = {"original": original(unused=26)}
