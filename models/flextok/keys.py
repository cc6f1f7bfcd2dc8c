"""Upstream's tensor names -> ours, per source format.

Source: state dict of apple/ml-flextok 87d00cc. Nothing is dropped: every tensor of an official
file has its place here.
"""

from zoo.weights import KeyTable, Rule


def _attention(theirs: str, ours: str) -> KeyTable:
    names = {"wq": "query", "wk": "key", "wv": "value", "proj": "out"}
    return tuple(
        Rule(f"{theirs}.attn.{a}.weight", f"{ours}.attention.{b}.weight") for a, b in names.items()
    )


ORIGINAL: KeyTable = (
    Rule("vae.vae.{rest*}", "vae.network.{rest*}"),
    Rule("encoder.module_dict.enc_patch_emb.patch_proj.{w}", "encoder.patches.project.{w}"),
    Rule("encoder.module_dict.enc_posemb_module.posembs", "encoder.patches.positions"),
    Rule("encoder.module_dict.enc_register_module.registers", "encoder.registers"),
    *_attention("encoder.module_dict.enc_transformer.blocks.{i}", "encoder.blocks.{i}"),
    Rule(
        "encoder.module_dict.enc_transformer.blocks.{i}.mlp.{rest*}",
        "encoder.blocks.{i}.mlp.{rest*}",
    ),
    Rule("encoder.module_dict.enc_to_latents.proj.{w}", "encoder.head.{w}"),
    Rule("decoder.module_dict.dec_from_latents.proj.{w}", "decoder.from_codes.{w}"),
    Rule(
        "decoder.module_dict.dec_registers_posemb_module.posembs",
        "decoder.positions",
        change=lambda table: table[0, 0].T,  # [1, 1, width, registers]
    ),
    Rule("decoder.module_dict.dec_nested_dropout.dropout_mask_token", "decoder.dropped"),
    Rule("decoder.module_dict.dec_latent_dropout.nullcond", "decoder.null"),
    Rule("decoder.module_dict.dec_noise_patch_emb.patch_proj.{w}", "decoder.patches.project.{w}"),
    Rule("decoder.module_dict.dec_patches_posemb_module.posembs", "decoder.patches.positions"),
    Rule("decoder.module_dict.dec_time_embedder.mlp.{rest*}", "decoder.time.mlp.{rest*}"),
    *_attention("decoder.module_dict.dec_transformer.blocks.{i}", "decoder.blocks.{i}"),
    Rule(
        "decoder.module_dict.dec_transformer.blocks.{i}.mlp.{rest*}",
        "decoder.blocks.{i}.mlp.{rest*}",
    ),
    Rule(
        "decoder.module_dict.dec_transformer.blocks.{i}.adaLN_modulation.1.{w}",
        "decoder.blocks.{i}.modulation.project.{w}",
    ),
    Rule(
        "decoder.module_dict.dec_to_patches.adaLN_modulation.1.{w}",
        "decoder.modulation.project.{w}",
    ),
    Rule("decoder.module_dict.dec_to_patches.proj.{w}", "decoder.head.{w}"),
)

FORMATS = {"original": ORIGINAL}
