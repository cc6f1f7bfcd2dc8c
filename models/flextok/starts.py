"""How training from nothing starts: weights that make the first steps count."""

import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import nn

from .decoder import FlowDecoder
from .vae import LatentAutoencoder

GAIN = 2.0  # of the embedded latents against the position table


def calm_start(vae: LatentAutoencoder) -> None:
    """Silence residual branches: the trunk is then nearly linear and learns faster."""
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            if module.conv2.bias is not None:
                nn.init.zeros_(module.conv2.bias)


@torch.no_grad()
def start_near_identity(decoder: FlowDecoder) -> None:
    """Let the head read the noised latents back out of the untouched residual stream.

    The velocity is mostly the noise that came in, so a decoder that begins by copying its input
    need not learn to. The latents are embedded into directions that no position uses, and the
    head's rows are the same directions.
    """
    embedding = decoder.patches
    width, dims = embedding.project.weight.shape
    positions = embedding.positions.flatten(1)  # [width, grid positions]
    directions = torch.linalg.svd(positions, full_matrices=True)[0]
    if torch.linalg.matrix_rank(positions) > width - dims:
        return  # too narrow for both: start as usual
    free = directions[:, -dims:]
    spread = (dims * GAIN**2 + positions.square().sum(0).mean()) / width
    embedding.project.weight.copy_(free * GAIN)
    embedding.project.bias.zero_()
    decoder.head.weight.copy_(free.T * spread.sqrt() / GAIN)
    decoder.head.bias.zero_()
