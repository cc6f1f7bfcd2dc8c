"""FlexTok against its recorded upstream run: every stage, ids exact."""

import torch
from golden_case import Case
from PIL import Image
from torch import Tensor

from zoo.media import ImagePrepare
from zoo.media.image import canonical
from zoo.models.flextok.config import FlexTokConfig
from zoo.models.flextok.keys import ORIGINAL
from zoo.models.flextok.layers import patchify, sincos_table
from zoo.models.flextok.model import FlexTokModel, build_model
from zoo.models.flextok.objective import sample_times
from zoo.models.flextok.sampler import NormalizedGuidance, plain_guidance, sample
from zoo.typed import from_mapping
from zoo.weights import fill

STAGE = 2e-5
SAMPLED = 1e-4
IMAGE = 1e-3


def check(case: Case) -> None:
    model = build(case)
    with torch.inference_mode():
        autoencoder(case, model)
        encoder(case, model)
        decoder(case, model)
        sampling(case, model)
        training(case, model)
    quantizer(case, model)
    guidance(case)
    preprocessing(case)
    case.excuse("train_u", "upstream's README calls it an unused extra")


def build(case: Case) -> FlexTokModel:
    given = case.config
    config = from_mapping(
        FlexTokConfig,
        {
            "latent_channels": given["latent_ch"],
            "latent_size": given["lat"],
            "patch_size": given["patch_size"],
            "encoder": {"width": given["enc_dim"], "depth": given["enc_depth"]},
            "decoder": {"width": given["dec_dim"], "depth": given["dec_depth"]},
            "head_dim": given["head_dim"],
            "registers": given["n_reg"],
            "max_grid": given["max_grid"],
            "fsq_levels": given["levels"],
            "mlp_ratio": given["mlp_ratio"],
            "frequency_size": given["freq_size"],
            "max_timestep": given["max_timestep"],
            "scaling_factor": given["scaling_factor"],
            "sample_posterior": False,
            "vae": {
                "block_out_channels": given["vae_block_out_channels"],
                "layers_per_block": given["vae_layers_per_block"],
                "norm_num_groups": given["vae_norm_num_groups"],
            },
        },
        "golden",
    )
    with torch.device("meta"):
        model = build_model(config)
    fill(model, [case.state], ORIGINAL)
    return model.eval()


def autoencoder(case: Case, model: FlexTokModel) -> None:
    image, noise = case.input("image"), case.input("vae_eps")
    mean, log_variance = model.vae.posterior(image)
    case.close("vae_mean", mean, STAGE)
    case.close("vae_logvar", log_variance, STAGE)
    sampled = model.vae.encode(image, noise)
    case.close("vae_latents_sampled", sampled, STAGE)
    case.equal("tokens_from_image_sampled", ids(model, sampled))
    case.equal("tokens_from_image_mean", ids(model, model.vae.encode(image)))
    case.close("vae_decode_out", model.vae.decode(case.input("vae_decode_in")), STAGE)


def ids(model: FlexTokModel, latents: Tensor, keep: int | None = None) -> Tensor:
    vectors = model.encoder.project(model.encoder(latents, keep))
    return model.quantizer.ids(model.quantizer.quantize(vectors))


def encoder(case: Case, model: FlexTokModel) -> None:
    latents = case.input("latents")
    part = model.encoder.patches
    table = sincos_table(case.config["enc_dim"], case.config["max_grid"])
    assert torch.allclose(part.positions, table, atol=1e-6)
    embedded = part.project(patchify(latents, part.patch))
    grid = [side // part.patch for side in latents.shape[-2:]]
    case.close("enc_patch_emb", embedded.unflatten(1, grid), STAGE)
    case.close("enc_patch_posemb", part(latents).unflatten(1, grid), STAGE)
    registers = model.encoder(latents)
    case.close("enc_registers_out", registers, STAGE)
    case.close("enc_patches_out", encoder_patches(model, latents).unflatten(1, grid), STAGE)
    vectors = model.encoder.project(registers)
    case.close("enc_prequant", vectors, STAGE)
    case.close("quant", model.quantizer.quantize(vectors), 0)
    case.equal("tokens", ids(model, latents))
    case.close("tokens_to_quant", model.quantizer.vectors(case.io["tokens"]), 0)
    for keep in range(1, registers.shape[1] + 1):  # the first k ids never depend on the rest
        assert torch.equal(ids(model, latents, keep), case.io["tokens"][:, :keep])


def encoder_patches(model: FlexTokModel, latents: Tensor) -> Tensor:
    """Patch outputs of the last block, which encoding itself skips."""
    x = model.encoder.patches(latents)
    count = x.shape[1]
    x = torch.cat([x, model.encoder.registers.expand(len(x), -1, -1)], dim=1)
    k = x.shape[1] - count
    mask = torch.ones(k, count + k, dtype=torch.bool).tril(count)
    for block in model.encoder.blocks:
        x = block(x, count, mask, registers_only=False)
    return x[:, :count]


def decoder(case: Case, model: FlexTokModel) -> None:
    noised, times = case.input("dec_noised_latents"), case.input("dec_t")
    codes = model.quantizer.vectors(case.input("dec_tokens"))
    net = model.decoder
    case.close("dec_temb", net.time(times), STAGE)
    patches = net.patches(noised)
    grid = [side // net.patches.patch for side in noised.shape[-2:]]
    case.close("dec_patches_in", patches.unflatten(1, grid), STAGE)
    case.close("dec_registers_in", net.embed(codes), STAGE)
    modulations = net.modulations(times)
    x = torch.cat([patches, net.embed(codes)], dim=1)
    for index, (block, rows) in enumerate(zip(net.blocks, modulations[:-1], strict=True)):
        x = block(x, patches.shape[1], rows, None, patches_only=False)
        if index == case.config["repa_layer"]:
            case.close("dec_intermediate", x, STAGE)
    case.close("dec_patches_out", x[:, : patches.shape[1]].unflatten(1, grid), STAGE)
    case.close("dec_registers_out", x[:, patches.shape[1] :], STAGE)
    full, kept = net.condition(codes), net.condition(codes, case.input("dec_keep"))
    case.close("dec_velocity_full", net(noised, full, modulations), STAGE)
    case.close("dec_velocity_keep", net(noised, kept, modulations), STAGE)
    null = net.unconditional(len(noised))
    case.close("dec_velocity_uncond", net(noised, null, modulations), STAGE)


def sampling(case: Case, model: FlexTokModel) -> None:
    codes = model.quantizer.vectors(case.io["dec_tokens"])
    noise, keep = case.input("detok_noise"), case.io["dec_keep"]
    random = torch.Generator().manual_seed(case.config["noise_seed"])
    draws = [torch.randn(1, *noise.shape[1:], generator=random) for _ in noise]
    assert torch.equal(torch.cat(draws), noise)  # the order in which upstream draws
    lengths = {"mix": keep, "all": torch.full_like(keep, codes.shape[1])}
    lengths |= {f"k{k}": torch.full_like(keep, k) for k in case.config["ks"]}
    for name in sorted(name for name in case.io if name.startswith("detok_") and "_g" in name):
        _, kept, steps, scale, *rest = name.split("_")
        normalized = rest[0] == "apg"
        guidance_scale = float(scale.removeprefix("g"))
        longest = int(lengths[kept].max())
        even = bool((lengths[kept] == longest).all())
        condition = model.decoder.condition(codes[:, :longest], None if even else lengths[kept])
        latents = sample(
            model.decoder,
            noise,
            condition,
            steps=int(steps.removeprefix("steps")),
            guidance_scale=guidance_scale,
            normalized_guidance=normalized,
        )
        if rest[-1] == "latents":
            case.close(name, latents, STAGE if guidance_scale <= 1 else SAMPLED)
        else:
            case.close(name, model.vae.decode(latents), IMAGE)


def training(case: Case, model: FlexTokModel) -> None:
    latents, noise = case.io["latents"], case.input("train_noise")
    sigmas = case.input("train_sigmas")
    u, scale = case.input("train_draw"), case.config["mode_scale"]
    bent = 1 - u - scale * (torch.cos(torch.pi * u / 2).square() - 1 + u)
    assert torch.allclose(bent, sigmas, atol=1e-6)
    mix = sigmas[:, None, None, None]
    noised = mix * noise + (1 - mix) * latents
    case.close("train_noised", noised, STAGE)
    condition = model.decoder.condition(case.io["quant"], case.input("train_keep"))
    velocity = model.decoder(noised, condition, model.decoder.modulations(sigmas))
    case.close("train_velocity", velocity, STAGE)
    loss = (velocity - (noise - latents)).square().flatten(1).mean(1)
    case.close("train_loss_per_sample", loss, STAGE)


def quantizer(case: Case, model: FlexTokModel) -> None:
    assert case.input("fsq_levels").tolist() == case.config["levels"]
    rounded = model.quantizer.quantize(case.input("fsq_z"))
    case.close("fsq_quant", rounded, 0)
    case.equal("fsq_index", model.quantizer.ids(rounded))
    case.close("fsq_back", model.quantizer.vectors(case.io["fsq_index"]), 0)
    case.excuse("fsq_bounded", "inside the library's quantiser; its rounding is compared instead")


def guidance(case: Case) -> None:
    if "apg_cond" not in case.io:
        return
    scale = float(case.input("guidance_scale"))
    conditional, unconditional = case.input("apg_cond"), case.input("apg_uncond")
    ours, plain = torch.empty_like(conditional), torch.empty_like(conditional)
    for sequence in range(conditional.shape[1]):
        guide = NormalizedGuidance()
        for step in range(conditional.shape[0]):
            pair = conditional[step, sequence], unconditional[step, sequence]
            ours[step, sequence] = guide(*pair, scale)
            plain[step, sequence] = plain_guidance(*pair, scale)
    case.close("apg_out", ours, STAGE)
    case.close("cfg_out", plain, STAGE)
    draw, mode_scale = case.input("sigma_u"), float(case.input("mode_scale"))

    class Fixed(torch.Generator):
        pass

    original, torch.rand = torch.rand, lambda *a, **k: draw  # type: ignore[assignment]
    try:
        case.close("sigma_mode", sample_times(len(draw), mode_scale, Fixed()), STAGE)
    finally:
        torch.rand = original


def preprocessing(case: Case) -> None:
    if "pre_uint8_hwc" not in case.io:
        return
    side = case.io["pre_out_chw"].shape[-1]
    prepare = ImagePrepare((side, side), "crop", "bilinear")
    prepared = prepare(Image.fromarray(case.input("pre_uint8_hwc").numpy())).tensor
    case.close("pre_out_chw", (canonical(prepared) - 0.5) / 0.5, STAGE)
