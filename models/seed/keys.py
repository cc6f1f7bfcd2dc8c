"""Upstream's tensor names -> ours, per source file.

Source: state dict of ``Blip2QformerQuantizer`` (AILab-CVC/SEED 93b3cf4), which lies in two files.
"""

from zoo.weights import KeyTable, Rule


def _vit(theirs: str) -> KeyTable:
    """EVA's names, below ``theirs``."""
    ours = "encoder.vit"
    return (
        Rule(f"{theirs}cls_token", f"{ours}.class_token"),
        Rule(f"{theirs}pos_embed", f"{ours}.positions"),
        Rule(f"{theirs}patch_embed.proj.{{w}}", f"{ours}.patches.{{w}}"),
        Rule(f"{theirs}blocks.39.{{rest*}}", None, "EVA's last block; upstream builds 39 of 40"),
        Rule(f"{theirs}blocks.{{i}}.{{rest*}}", f"{ours}.blocks.{{i}}.{{rest*}}"),
    )


def _qformer(theirs: str, ours: str) -> KeyTable:
    """The queries' branch of a Q-Former."""
    layer, mine = f"{theirs}.bert.encoder.layer.{{i}}", f"{ours}.layers.{{i}}"
    attentions = {"attention": "attention", "crossattention": "cross"}
    return (
        Rule(f"{theirs}.bert.embeddings.LayerNorm.{{w}}", f"{ours}.norm.{{w}}"),
        Rule(
            f"{theirs}.bert.embeddings.position_ids", None, "counts from 0; queries have no places"
        ),
        *(
            rule
            for a, b in attentions.items()
            for rule in (
                Rule(f"{layer}.{a}.self.{{part}}.{{w}}", f"{mine}.{b}.{{part}}.{{w}}"),
                Rule(f"{layer}.{a}.output.dense.{{w}}", f"{mine}.{b}.out.{{w}}"),
                Rule(f"{layer}.{a}.output.LayerNorm.{{w}}", f"{mine}.{b}.norm.{{w}}"),
            )
        ),
        Rule(f"{layer}.intermediate_query.dense.{{w}}", f"{mine}.mlp.up.{{w}}"),
        Rule(f"{layer}.output_query.dense.{{w}}", f"{mine}.mlp.down.{{w}}"),
        Rule(f"{layer}.output_query.LayerNorm.{{w}}", f"{mine}.mlp.norm.{{w}}"),
    )


_TRAINING = "trained the codebook only: objective.py"
_EXTRA = "one of the file's 146 tensors that upstream's model has no place for either"

ORIGINAL: KeyTable = (
    Rule("query_tokens", "encoder.qformer.queries"),
    Rule("ln_vision.{w}", "encoder.norm.{w}"),
    *_qformer("Qformer", "encoder.qformer"),
    Rule("encode_task_layer.{i}.{w}", "encoder.head.{i}.{w}"),
    Rule("quantize.embedding.weight", "quantizer.rows"),
    Rule("decode_task_layer.{i}.{w}", "decoder.task.{i}.{w}"),
    Rule("pos_embed_image", "decoder.trunk.positions"),
    Rule("blocks_image.{i}.{rest*}", "decoder.trunk.blocks.{i}.{rest*}"),
    Rule("image_down.{i}.weight", "decoder.head.down.{i}.weight"),
    Rule("reverse_tokens", "decoder.head.qformer.queries"),
    *_qformer("Reverse_Qformer", "decoder.head.qformer"),
    Rule("distill_image_proj.{w}", "decoder.head.project.{w}"),
    Rule("pos_embed", None, _TRAINING),
    Rule("blocks.{rest*}", None, _TRAINING),
    # Names that nobody could list. What the model needs and the file lacks stays an error.
    Rule("{rest*}", None, _EXTRA),
)
"""``seed_quantizer.pt``: everything but the vision transformer."""

EVA: KeyTable = (
    *_vit("visual_encoder."),  # as upstream's model calls them, once loaded
    *_vit(""),
    Rule("{rest*}", None, "EVA's norm, head or pooling; upstream builds none of them"),
)
"""``eva_vit_g.pth``: the vision transformer."""

SEMANTIC: KeyTable = (
    Rule("pos_embed", "positions"),
    Rule("blocks.{rest*}", "blocks.{rest*}"),
    Rule("{rest*}", None, "belongs to the tokenizer itself"),
)
"""``seed_quantizer.pt`` for the branch that stage 2 of training adds."""

FORMATS = {"original": ORIGINAL, "eva": EVA}
