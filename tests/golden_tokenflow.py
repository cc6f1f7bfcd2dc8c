"""TokenFlow against its recorded upstream run: every stage, ids exact, losses and gradients."""

import re
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from golden_case import Case
from safetensors.torch import load_file
from torch import Tensor

from zoo.models.tokenflow.config import TokenFlowConfig
from zoo.models.tokenflow.discriminator import ORIGINAL as DISCRIMINATOR
from zoo.models.tokenflow.discriminator import PatchDiscriminator
from zoo.models.tokenflow.keys import original
from zoo.models.tokenflow.losses import (
    hinge_discriminator_loss,
    hinge_generator_loss,
    quantizer_losses,
    semantic_loss,
)
from zoo.models.tokenflow.model import TokenFlowModel, build_model
from zoo.models.tokenflow.quantizer import Step
from zoo.typed import from_mapping
from zoo.weights import fill

LATENT = 1e-5
SEMANTIC = 1e-4
PIXELS = 3e-4
LOSS = 1e-5  # relative
GRADIENT = 1e-3, 1e-6  # relative, absolute


def check(case: Case) -> None:
    config = configure(case)
    model = build(case, config)
    for file in sorted(case.folder.glob("io*.safetensors")):
        # The files of a case share names, so each is a case of its own.
        part = Case(case.folder)
        part.io = load_file(file)
        if file.stem == "io_train":
            image = load_file(case.folder / "io.safetensors")["image"]
            discriminator(part)
            training(part, config, image)
        else:
            name = "scales_interpolated" if file.stem == "io_interpolated" else "scales"
            with torch.inference_mode():
                inference(part, config, model, tuple(case.config[name]))
        part.assert_complete()
    case.seen |= set(case.io)


def configure(case: Case) -> TokenFlowConfig:
    given = case.config
    tower, decoder = given["semantic_encoder"], given["semantic_decoder"]
    siglip = given["teacher"].startswith("siglip")
    sizes = [given[name] for name in ("image_native", "image_interpolated") if name in given]
    return from_mapping(
        TokenFlowConfig,
        {
            "codebook_size": given["codebook_size"],
            "semantic_dim": given["semantic_code_dim"],
            "pixel_dim": given["pixel_code_dim"],
            "scales": given.get("scales_interpolated", given["scales"]),
            "image_sizes": sizes,
            "tower": {
                "kind": "siglip" if siglip else "clip",
                "grid": tower["native_image"] // tower["patch"],
                "patch": tower["patch"],
                "width": tower["width"],
                "depth": tower["layers"] + 1 + tower.get("used_hidden_state", -1),
                "heads": tower["heads"],
                "hidden": tower.get("mlp", 4 * tower["width"]),
            },
            "semantic_decoder": {
                "grid": decoder["native_grid"],
                "width": decoder["width"],
                "depth": decoder["depth"],
                "heads": decoder["heads"],
                "hidden": decoder["mlp_ratio"] * decoder["width"],
                "out": given["semantic_decoder_out_dim"],
            },
            "latent_channels": given["z_channels"],
            "pixel_encoder": {
                "channels": [given["encoder_ch"] * m for m in given["encoder_ch_mult"]],
                "blocks": given["encoder_res_blocks"],
            },
            "pixel_decoder": {
                "channels": [given["decoder_ch"] * m for m in given["decoder_ch_mult"]],
                "blocks": given["decoder_res_blocks_arg"] + 1,
            },
            "output_size": 384 if siglip else None,
        },
        "golden",
    )


def build(case: Case, config: TokenFlowConfig) -> TokenFlowModel:
    with torch.device("meta"):
        model = build_model(config)
    last = case.config["semantic_encoder"]["layers"] - 1
    fill(model, [load_file(case.folder / "state.safetensors")], original(unused=last))
    return model.eval()


def rows(maps: Tensor) -> Tensor:
    """[b, c, h, w] -> [b, h*w, c]."""
    return maps.flatten(2).transpose(1, 2)


def inference(
    case: Case, config: TokenFlowConfig, model: TokenFlowModel, scales: tuple[int, ...]
) -> None:
    image = case.input("image")
    semantic, pixel, quantizer = model.semantic_encoder, model.pixel_encoder, model.quantizer
    features = semantic.tower(image)
    case.close("semantic_encoder_out", features, LATENT)
    codes = semantic.project(features)
    case.close("semantic_code_pre", rows(codes), LATENT)
    grid = codes.shape[-1]
    assert grid == config.grids[config.image_sizes.index(image.shape[-1])]
    seen = pixel.fit(image, grid)
    if "pixel_encoder_in" in case.io:
        case.close("pixel_encoder_in", seen, LATENT)
    case.close("pixel_encoder_out", pixel.network(seen), LATENT)
    case.close("pixel_code_pre", pixel(image, grid), LATENT)

    whole = model.features(image)
    steps = list(quantizer.steps(whole, scales))
    for i, step in enumerate(steps):
        case.close(f"scale{i:02d}_residual_in", step.pooled, LATENT)
        case.close(f"scale{i:02d}_quantized", step.straight, LATENT)
    latent = torch.stack([step.spread for step in steps]).sum(0)
    case.close("latent_from_encode", latent, LATENT)
    ids = quantizer.encode(whole, scales)
    case.equal("indices", ids)
    assert ids.shape[1] == sum(side * side for side in scales)

    looked_up = quantizer.grid(ids, scales)
    case.close("latent_for_lm", rows(looked_up), LATENT)
    case.close("next_scale_inputs", quantizer.next_scale(ids, scales), LATENT)
    for name, place in numbered(case, r"next_scale_inputs_refine_scale(\d+)"):
        again = place + 2  # upstream counts from the second scale, and from 0
        case.close(name, quantizer.next_scale(ids, scales, again=again), LATENT)

    case.close("semantic_decoded", model.semantic(latent), SEMANTIC)
    case.close("semantic_decoded_from_indices", model.semantic(looked_up), SEMANTIC)
    pixels(case, model, latent, looked_up)
    for name, count in numbered(case, r"partial_first(\d+)scales_\w+"):
        part = quantizer.grid(ids[:, : sum(side * side for side in scales[:count])], scales)
        if name.endswith("semantic"):
            case.close(name, model.semantic(part), SEMANTIC)
        else:
            step = 8 if name.endswith("every8th") else 1
            case.close(name, model.pixels(part)[..., ::step, ::step], PIXELS)


def numbered(case: Case, pattern: str) -> Iterator[tuple[str, int]]:
    """Recorded names that fit, with the number in them."""
    for name in case.io:
        if found := re.fullmatch(pattern, name):
            yield name, int(found[1])


def pixels(case: Case, model: TokenFlowModel, latent: Tensor, looked_up: Tensor) -> None:
    decoded = model.pixels(latent)
    if "pixels_decoded" in case.io:
        case.close("pixels_decoded", decoded, PIXELS)
        case.close("pixels_decoded_from_indices", model.pixels(looked_up), PIXELS)
        return
    case.close("pixels_decoded_resized384_every4th", decoded[..., ::4, ::4], PIXELS)
    part = model.pixel_decoder
    codes = latent[:, model.quantizer.dims[0] :]
    case.close("pixel_decoder_out", part.network(part.from_codes(codes)), PIXELS)


def discriminator(case: Case) -> None:
    judge = PatchDiscriminator(case.config["disc_ndf"], case.config["disc_layers"])
    state = load_file(case.folder / "state_discriminator.safetensors")
    fill(judge, [{k.removeprefix("disc."): v for k, v in state.items()}], DISCRIMINATOR)
    with torch.no_grad():  # in training mode: the statistics are the batch's
        real, fake = judge(case.input("disc_real_in")), judge(case.input("disc_fake_in"))
    case.close("disc_logits_real", real, LATENT)
    case.close("disc_logits_fake", fake, LATENT)
    relative(case, "disc_loss_hinge", hinge_discriminator_loss(real, fake), LOSS)
    relative(case, "gen_loss_hinge", hinge_generator_loss(fake), LOSS)
    why = "not upstream's default, and not offered here"
    case.excuse("disc_loss_vanilla", why)
    for part in ("disc", "gen"):
        case.excuse(f"{part}_loss_non_saturating", f"{why}: upstream swaps its arguments")


def training(case: Case, config: TokenFlowConfig, image: Tensor) -> None:
    scales = tuple(case.config["scales"])
    dropped = case.config["dropped_scale_position"]
    shorter = (*scales[:dropped], *scales[dropped + 1 :])
    for tag, used in (("nodrop", scales), ("drop", shorter)):
        model = build(case, config)
        losses = dict(terms(case, model, image, used))
        for name, value in losses.items():
            relative(case, f"{tag}_loss_{name}", value, LOSS)
        # In fp64: where the entropy term is on, its temperature of 0.01 magnifies rounding in
        # fp32 to 1.6e-3 of one of the smallest gradients; upstream's own lie near the exact ones.
        model.double()
        exact = dict(terms(case, model, image.double(), used))
        relative(case, f"{tag}_loss_total", exact["total"], LOSS)
        exact["total"].backward()
        for name, parameter in gradients(model).items():
            recorded = case.io[f"{tag}_grad.{name}"]
            assert parameter.grad is not None
            gradient = parameter.grad.reshape(recorded.shape)
            relative(case, f"{tag}_grad.{name}", gradient, *GRADIENT)
        for name in ("loss_dnorm_semantic", "loss_dnorm_pixel", "loss_usage", "usage_window"):
            case.excuse(f"{tag}_{name}", "upstream's logging of distances and of codes in use")


def terms(
    case: Case, model: TokenFlowModel, image: Tensor, scales: tuple[int, ...]
) -> Iterator[tuple[str, Tensor]]:
    """The losses of one training pass, as upstream names them."""
    quantizer = model.quantizer.requires_grad_(True)
    model.requires_grad_(True)
    steps: list[Step] = list(quantizer.steps(model.features(image), scales))
    found = quantizer_losses(
        steps,
        quantizer.table(),
        beta=case.config["commit_loss_beta"],
        entropy=case.config["entropy_loss_ratio"],
    )
    latent = torch.stack([step.spread for step in steps]).sum(0)
    decoded = model.pixels(latent)
    target = image
    if decoded.shape != image.shape:
        target = F.interpolate(image, decoded.shape[-2:], mode="bicubic")
    semantic = semantic_loss(model.semantic(latent), case.input("semantic_target").to(latent))
    losses = {
        "vq": found.codebook,
        "commit": found.commitment,
        "entropy": found.entropy,
        "semantic": semantic,
        "pixel_mse": F.mse_loss(decoded, target),
    }
    yield from losses.items()
    yield "total", torch.stack(list(losses.values())).sum()


def gradients(model: TokenFlowModel) -> dict[str, torch.nn.Parameter]:
    """Our parameters by upstream's names, those whose gradient is recorded."""
    return {
        "decoder_vqkd.patch_embed.proj.weight": model.semantic_decoder.embed.weight,
        "encode_task_layer.2.weight": model.semantic_encoder.head[2].weight,
        "post_quant_conv.weight": model.pixel_decoder.from_codes.weight,
        "quant_conv.weight": model.pixel_encoder.to_codes.weight,
        "quantize.embedding_vqgan.weight": model.quantizer.pixel,
        "quantize.embedding_vqkd.weight": model.quantizer.semantic,
    }


def relative(case: Case, name: str, ours: Tensor, rel: float, absolute: float = 1e-12) -> None:
    """Within ``rel`` of each recorded number, or ``absolute``."""
    case.seen.add(name)
    theirs = case.io[name].double()
    assert ours.shape == theirs.shape, f"{name}: {ours.shape} against {theirs.shape}"
    over = (ours.detach().double() - theirs).abs() - (rel * theirs.abs() + absolute)
    assert bool((over <= 0).all()), f"{name}: {float(over.max()):.3g} beyond its tolerance"
