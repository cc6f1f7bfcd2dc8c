"""The image autoencoder around the tokens: diffusers' AutoencoderKL and a scale.

Source: upstream ``flextok/vae_wrapper.py`` (apple/ml-flextok 87d00cc).
"""

from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor, nn

from .config import FlexTokConfig

LOG_VARIANCE_RANGE = (-30.0, 20.0)


class LatentAutoencoder(nn.Module):
    """Images [b, 3, H, W] in -1..1 <-> latents [b, c, h, w] scaled to about unit size."""

    def __init__(self, network: AutoencoderKL, scaling_factor: float) -> None:
        super().__init__()
        self.network = network
        self.scaling_factor = scaling_factor

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the unscaled latents."""
        moments = self.network.encoder(images)
        if self.network.quant_conv is not None:
            moments = self.network.quant_conv(moments)
        mean, log_variance = moments.chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)

    def encode(self, images: Tensor, noise: Tensor | None = None) -> Tensor:
        """Scaled posterior mean, or a draw where ``noise`` [b, c, h, w] is given."""
        mean, log_variance = self.posterior(images)
        if noise is not None:
            mean = mean + torch.exp(0.5 * log_variance) * noise
        return mean * self.scaling_factor

    def decode(self, latents: Tensor) -> Tensor:
        """Scaled latents -> images about -1..1, not clamped."""
        latents = latents / self.scaling_factor
        if self.network.post_quant_conv is not None:
            latents = self.network.post_quant_conv(latents)
        return self.network.decoder(latents)


def build_vae(config: FlexTokConfig) -> LatentAutoencoder:
    """Construct the autoencoder a FlexTok configuration asks for."""
    stages = len(config.vae.block_out_channels)
    blocks: dict[str, Any] = {  # diffusers types these as tuples of one
        "block_out_channels": config.vae.block_out_channels,
        "down_block_types": ("DownEncoderBlock2D",) * stages,
        "up_block_types": ("UpDecoderBlock2D",) * stages,
    }
    network = AutoencoderKL(
        layers_per_block=config.vae.layers_per_block,
        norm_num_groups=config.vae.norm_num_groups,
        latent_channels=config.latent_channels,
        **blocks,
    )
    return LatentAutoencoder(network, config.scaling_factor)
