"""SEED against its recorded upstream runs: every stage, ids exact, negative controls different."""

from collections.abc import Mapping

import torch
from golden_case import Case
from torch import Tensor, nn

from zoo.models.seed.config import SeedConfig
from zoo.models.seed.decoder import Blocks, DownHead, ReverseHead
from zoo.models.seed.keys import EVA, ORIGINAL, SEMANTIC
from zoo.models.seed.model import SeedModel, build_model
from zoo.models.seed.qformer import QFormer
from zoo.typed import from_mapping
from zoo.weights import fill

FEATURES = 1e-4
EMBEDDING = 1e-3
CONDITION = 1e-5
DIFFERENT = 0.1  # what a wrong mask changes, at least


def check(case: Case) -> None:
    with torch.inference_mode():
        if "noise_levels" in case.config:
            condition(case)
            return
        model = build(case)
        vision(case, model)
        queries(case, model.encoder.qformer)
        quantizer(case, model)
        decoder(case, model, "")
        decoder(case, model, "_random")
        semantic(case, model)


def config_of(given: Mapping) -> SeedConfig:
    vit, qformer, blocks = given["vit"], given["qformer"], given["decode_blocks"]
    assert vit["mlp_hidden"] == int(vit["width"] * vit["mlp_ratio"])
    assert qformer["cross_attention_layers"] == list(range(0, qformer["layers"], 2))
    reverse = given.get("reverse_qformer", {"layers": 0})
    return from_mapping(
        SeedConfig,
        {
            "image_size": vit["image_size"],
            "queries": qformer["queries"],
            "vit": {
                "width": vit["width"],
                "depth": vit["depth"],
                "heads": vit["heads"],
                "hidden": vit["mlp_hidden"],
                "patch": vit["patch_size"],
            },
            "qformer": {
                "width": qformer["hidden"],
                "depth": qformer["layers"],
                "heads": qformer["heads"],
                "hidden": qformer["intermediate"],
            },
            "codebook": [given["codebook"]["n_embed"], given["codebook"]["code_dim"]],
            "decoder": {
                "depth": blocks["depth"],
                "heads": blocks["heads"],
                "embedding": given["image_features_dim"],
                "head": given["head"],
                "reverse_depth": reverse["layers"],
            },
        },
        "golden",
    )


def split(state: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """The ViT's file, with the bare names it has there, and the other one."""
    prefix = "visual_encoder."
    vit = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    return [vit, {k: v for k, v in state.items() if not k.startswith(prefix)}]


def build(case: Case) -> SeedModel:
    with torch.device("meta"):
        model = build_model(config_of(case.config))
    fill(model, split(case.state), [EVA, ORIGINAL])
    return model.eval()


def vision(case: Case, model: SeedModel) -> None:
    image, vit = case.input("image"), model.encoder.vit
    case.close("vit_patch_embed", vit.embed(image), FEATURES)
    seen: list[Tensor] = []
    hook = vit.blocks[0].register_forward_hook(lambda *call: seen.append(call[2]))
    case.close("vit_features", vit(image), FEATURES)
    hook.remove()
    case.close("vit_block0", seen[0], FEATURES)
    case.close("ln_vision_features", model.encoder.patches(image), FEATURES)
    case.close("pre_quant", model.encoder(image), FEATURES)
    assert model.encoder.norm.eps == case.config["ln_vision_eps"]


def queries(case: Case, qformer: QFormer) -> None:
    image = case.io["ln_vision_features"]
    assert qformer.causal
    case.close("qformer_embedding_output", qformer.start(len(image)), FEATURES)
    for index, found in enumerate(layers(qformer, image)):
        case.close(f"qformer_layer{index}", found, FEATURES)
    causal = qformer(image)
    blind = case.input("noncausal_control")
    assert (causal - blind).abs().max() > DIFFERENT
    qformer.causal = False
    case.close("noncausal_control", qformer(image), FEATURES)
    qformer.causal = True
    cut = image.clone()
    cut[:, 1:] = 0  # every query sees the whole image, the first one too
    assert (qformer(cut)[:, 0] - causal[:, 0]).abs().max() > DIFFERENT


def layers(qformer: QFormer, image: Tensor) -> list[Tensor]:
    seen: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda *call: seen.append(call[2])) for layer in qformer.layers
    ]
    qformer(image)
    for hook in hooks:
        hook.remove()
    return seen


def quantizer(case: Case, model: SeedModel) -> None:
    vectors = model.encoder(case.io["image"])
    ids = model.quantizer.ids(vectors)
    case.equal("codes", ids)
    rows = model.quantizer.vectors(ids)
    case.close("quantized", rows, 0)
    case.close("vq_raw_zq", vectors + (rows - vectors), FEATURES)
    case.close("query_output_up", model.decoder.task(rows), FEATURES)
    table = model.quantizer.rows.double()
    distances = torch.cdist(vectors.double(), table[None]).square()
    best = distances.topk(2, largest=False).values
    case.close("vq_margin", best[..., 1] - best[..., 0], FEATURES)


def decoder(case: Case, model: SeedModel, suffix: str) -> None:
    net = model.decoder
    ids = case.input(f"codes_in{suffix}")
    tokens = net.task(model.quantizer.vectors(ids))
    case.close(f"decode_task_out{suffix}", tokens, FEATURES)
    mixed = net.trunk(tokens)
    case.close(f"blocks_image_out{suffix}", mixed, FEATURES)
    head: nn.Module = net.head
    if isinstance(head, DownHead):
        case.close(f"image_down_out{suffix}", head.down(mixed), FEATURES)
    else:
        assert isinstance(head, ReverseHead)
        assert not head.qformer.causal
        case.close(f"reverse_qformer_out{suffix}", head.qformer(mixed), FEATURES)
    embedding = net(model.quantizer.vectors(ids))
    case.close(f"image_embed{suffix}", embedding, EMBEDDING)


def semantic(case: Case, model: SeedModel) -> None:
    """The branch that only training has, with its own tensors of the same file."""
    config = config_of(case.config)
    blocks = Blocks(
        config.queries, config.qformer.width, config.decoder.depth, config.decoder.heads
    )
    fill(blocks, split(case.state)[1:], SEMANTIC)
    tokens = model.decoder.task(model.quantizer.vectors(case.io["codes_in"]))
    case.close("recon_semantic_out", blocks(tokens), FEATURES)


def condition(case: Case) -> None:
    """The UNet's class labels, through the pipeline that decode uses."""
    from diffusers import DDPMScheduler
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )

    from zoo.models.seed.painter import Painter

    width = case.config["embedding_dim"]
    normalizer = StableUnCLIPImageNormalizer(width)
    normalizer.load_state_dict(case.state)
    schedule = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    case.close("alphas_cumprod", schedule.alphas_cumprod, 0)
    words = torch.zeros(1, 0, dtype=torch.long)
    painter = Painter(words, image_normalizer=normalizer, image_noising_scheduler=schedule)
    embeddings, noise = case.input("image_embeds"), case.input("noise")
    for level in case.config["noise_levels"]:
        labels = painter.labels(embeddings, noise, level)
        case.close(f"class_labels_level{level}", labels, CONDITION)
    guided = painter.guided(painter.labels(embeddings, noise, 0), None)
    case.close("class_labels_cfg_level0", guided, CONDITION)
