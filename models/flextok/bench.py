"""The parts of a FlexTok that ``zoo bench --parts`` times."""

from collections.abc import Callable

import torch
from torch import Tensor

from .sampler import sample
from .tokenizer import FlexTok

FEW = 16  # tokens of the short case, unless another prefix is asked for


def parts(tok: FlexTok, batch_size: int, prefix: int | None) -> dict[str, Callable[[], object]]:
    """Callables over fixed random inputs of the model's size, by name.

    A decoder pass and a guided step (a conditional and an unconditional pass, one Euler step)
    are one of the ``steps`` of a decode; their modulations and conditions are made once per run.
    """
    model, config = tok.module, tok.config
    full = config.registers
    few = min(prefix or FEW, full)
    latent = (config.latent_channels, *config.latent_size)
    assert tok.input_size is not None
    last = torch.channels_last  # the layout in which the tokenizer runs its VAE
    images = (
        _random(tok, batch_size, 3, *tok.input_size).clamp(-1, 1).contiguous(memory_format=last)
    )
    latents = _random(tok, batch_size, *latent)
    painted = latents.contiguous(memory_format=last)
    codes = _random(tok, batch_size, full, len(config.fsq_levels)).clamp(-1, 1)
    decoder = model.decoder
    with torch.inference_mode():
        rows = decoder.modulations(torch.ones(1, device=tok.device))
        conditions = {k: decoder.condition(codes[:, :k]) for k in (few, full)}
        null = decoder.unconditional(batch_size)

    def guided(k: int) -> Callable[[], object]:
        return lambda: sample(
            decoder,
            latents,
            conditions[k],
            steps=1,
            guidance_scale=7.5,
            normalized_guidance=True,
        )

    return {
        "VAE encode": lambda: model.vae.encode(images),
        f"encoder, {full} tokens": lambda: model.encoder(latents),
        f"encoder, {few} tokens": lambda: model.encoder(latents, few),
        f"decoder pass, {full} tokens": lambda: decoder(latents, conditions[full], rows),
        f"decoder pass, {few} tokens": lambda: decoder(latents, conditions[few], rows),
        "decoder pass, unconditional": lambda: decoder(latents, null, rows),
        f"guided step, {full} tokens": guided(full),
        f"guided step, {few} tokens": guided(few),
        "VAE decode": lambda: model.vae.decode(painted),
    }


def _random(tok: FlexTok, *shape: int) -> Tensor:
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return numbers.to(tok.device, tok.dtype)
