"""Training objectives: the autoencoder first, then encoder, quantiser and flow decoder together.

Source: upstream releases no training loss; the flow loss is the rectified-flow one its noise
module implies (see README.md), nested dropout and null condition are as upstream describes them.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo.train.objective import Batches, Cell, Objective

from .config import FlexTokConfig
from .decoder import Condition
from .model import FlexTokModel
from .rescale import rescale_latents
from .sampler import sample
from .starts import calm_start, start_near_identity


def to_model(images: Tensor) -> Tensor:
    """uint8 images -> fp32 in -1..1."""
    return images.float() / 127.5 - 1


def mean_psnr(decoded: Tensor, images: Tensor) -> float:
    """Mean over items of PSNR in dB; decoded about -1..1, images uint8."""
    error = (decoded.clamp(-1, 1) - to_model(images)).square().flatten(1).mean(1) / 4
    return float((-10 * error.double().log10()).mean())


class AutoencoderObjective(Objective):
    """Squared error plus a light KL term; afterwards latents are rescaled to pixel error."""

    def __init__(
        self, model: FlexTokModel, config: FlexTokConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.model: FlexTokModel
        self.kl_weight = float(options["kl_weight"])

    @property
    def trained(self) -> nn.Module:
        """The autoencoder."""
        return self.model.vae

    def begin(self, items: Batches) -> None:
        """Silent residual branches."""
        calm_start(self.model.vae)

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        flip = torch.rand(len(batch), generator=random).to(batch.device) < 0.5
        images = to_model(torch.where(flip[:, None, None, None], batch.flip(-1), batch))
        mean, log_variance = self.model.vae.posterior(images)
        noise = torch.randn(mean.shape, generator=random).to(mean.device)
        latents = mean + torch.exp(0.5 * log_variance) * noise
        decoded = self.model.vae.decode(latents * self.model.vae.scaling_factor)
        error = F.mse_loss(decoded.float(), images)
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).float().mean()
        return {"loss": error + self.kl_weight * kl, "error": error, "kl": kl}

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean PSNR in dB."""
        return {"psnr": mean_psnr(self._rebuild(items), items)}

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Originals and reconstructions."""
        return _rows(items[:8], {"autoencoder": self._rebuild(items[:8])})

    def finish(self, items: Batches) -> None:
        """Make latent error agree with pixel error, and latents of about unit size."""
        rescale_latents(self.model.vae, to_model(items[torch.arange(min(256, len(items)))]))

    def _rebuild(self, items: Tensor) -> Tensor:
        device = next(self.model.vae.parameters()).device
        chunks = [self.model.vae.encode(to_model(chunk.to(device))) for chunk in items.split(64)]
        return torch.cat([self.model.vae.decode(latents).cpu() for latents in chunks])


class FlowObjective(Objective):
    """Rectified flow through the tokens, with nested dropout and a null condition."""

    def __init__(
        self, model: FlexTokModel, config: FlexTokConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.model: FlexTokModel
        self.config = config
        self.full_share = float(options["full_share"])  # items that keep every token
        self.null_share = float(options["null_share"])  # items without any
        self.noise_share = float(options["noise_share"])  # items at t = 1, the first Euler step
        self.mode_scale = float(options["mode_scale"])
        self.saturation_weight = float(options["saturation_weight"])
        model.vae.requires_grad_(False)
        self.tokens = nn.ModuleList([model.encoder, model.decoder])

    @property
    def trained(self) -> nn.Module:
        """Encoder and decoder; the quantiser has no weights, the autoencoder is frozen."""
        return self.tokens

    def begin(self, items: Batches) -> None:
        """A decoder that copies its input."""
        start_near_identity(self.model.decoder)

    def source(self, items: Batches) -> Batches:
        """Latents of all items and of their mirror images, computed once."""
        return _encode_all(self.model, items)

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Latents [b, c, h, w] -> loss."""
        latents = batch.float()
        items, device = len(latents), latents.device
        vectors = self.model.encoder.project(self.model.encoder(latents))
        codes = self.model.quantizer.quantize(vectors)
        condition = self._drop(codes, random)
        noise = torch.randn(latents.shape, generator=random).to(device)
        times = sample_times(items, self.mode_scale, random)
        times = torch.where(torch.rand(items, generator=random) < self.noise_share, 1.0, times)
        times = times.to(device)
        mix = times[:, None, None, None]
        velocity = self.model.decoder(
            mix * noise + (1 - mix) * latents, condition, self.model.decoder.modulations(times)
        )
        flow = F.mse_loss(velocity.float(), noise - latents)
        # Far out the quantiser's squashing has no slope left and all ids become one: stay near.
        saturation = F.relu(vectors.float().abs() - 1).square().mean()
        loss = flow + self.saturation_weight * saturation
        return {"loss": loss, "flow": flow, "saturation": saturation}

    def _drop(self, codes: Tensor, random: torch.Generator) -> Condition:
        items, registers = codes.shape[:2]
        powers = torch.randint(int(math.log2(registers)) + 1, (items,), generator=random)
        full = torch.rand(items, generator=random) < self.full_share
        lengths = torch.where(full, registers, 2**powers).to(codes.device)
        null = (torch.rand(items, generator=random) < self.null_share).to(codes.device)
        decoder = self.model.decoder
        condition = decoder.condition(codes, lengths)
        assert condition.bias is not None
        tokens = torch.where(
            null[:, None, None], decoder.null.expand_as(condition.tokens), condition.tokens
        )
        alone = torch.full_like(condition.bias, -math.inf)
        alone[:, -1] = math.log(registers)
        return Condition(tokens, torch.where(null[:, None], alone, condition.bias))

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean PSNR in dB at one and at twenty Euler steps, at 1 token and at all of them."""
        figures = {}
        for keep in (1, self.config.registers):
            for steps in (1, 20):
                figures[f"psnr_{keep}_tokens_{steps}_steps"] = mean_psnr(
                    self._rebuild(items, keep, steps), items
                )
        return figures

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Originals, and reconstructions from more and more tokens at twenty steps."""
        counts = [k for k in (1, 4, 16, 64, 256) if k < self.config.registers]
        counts.append(self.config.registers)
        return _rows(items[:8], {f"{k} tokens": self._rebuild(items[:8], k, 20) for k in counts})

    def _rebuild(self, items: Tensor, keep: int, steps: int) -> Tensor:
        model, device = self.model, self.model.decoder.head.weight.device
        random = torch.Generator().manual_seed(0)
        decoded = []
        for chunk in items.split(64):
            latents = model.vae.encode(to_model(chunk.to(device)))
            vectors = model.encoder.project(model.encoder(latents, keep))
            condition = model.decoder.condition(model.quantizer.quantize(vectors))
            noise = torch.randn(latents.shape, generator=random).to(device)
            latents = sample(
                model.decoder,
                noise,
                condition,
                steps=steps,
                guidance_scale=1.0,
                normalized_guidance=False,
            )
            decoded.append(model.vae.decode(latents).cpu())
        return torch.cat(decoded)


def sample_times(items: int, mode_scale: float, random: torch.Generator) -> Tensor:
    """Flow times [items] in 0..1: uniform, or bent towards the middle (SD3's mode sampling)."""
    u = torch.rand(items, generator=random)
    return 1 - u - mode_scale * (torch.cos(torch.pi * u / 2).square() - 1 + u)


@torch.inference_mode()
def _encode_all(model: FlexTokModel, items: Batches) -> Tensor:
    device = next(model.vae.parameters()).device
    halves: list[list[Tensor]] = [[], []]
    for rows in torch.arange(len(items)).split(256):
        images = to_model(items[rows].to(device))
        for half, view in zip(halves, (images, images.flip(-1)), strict=True):
            half.append(model.vae.encode(view).to(torch.bfloat16).cpu())
    return torch.cat(halves[0] + halves[1]).clone()


def _rows(items: Tensor, rebuilt: dict[str, Tensor]) -> list[list[Cell]]:
    columns = {"original": items.float() / 255}
    columns |= {name: (images.clamp(-1, 1) + 1) / 2 for name, images in rebuilt.items()}
    return [[(images[i], name) for name, images in columns.items()] for i in range(len(items))]


OBJECTIVES: dict[str, type[Objective]] = {
    "autoencoder": AutoencoderObjective,
    "flow": FlowObjective,
}
