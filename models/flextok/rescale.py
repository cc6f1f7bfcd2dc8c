"""Rescale an autoencoder's latents so that their error measures pixel error.

A flow trained on latents minimises latent error. With G the mean over positions of what a unit
change of each latent channel does to the pixels (G = E[J^T J]), latents mixed by G's square root
make the two agree. The change is folded into the 1x1 convolutions around the latents.
"""

import torch
from torch import Tensor

from .vae import LatentAutoencoder

STEP = 0.05  # finite difference, in standard deviations of a latent


@torch.no_grad()
def rescale_latents(vae: LatentAutoencoder, images: Tensor) -> None:
    """Change ``vae`` in place; ``images`` [n, 3, h, w] in -1..1 are what it is measured on.

    Afterwards latents times the scaling factor have zero mean and unit mean square, the decoder
    undoes the change exactly, and the posterior's variance is one constant.
    """
    network = vae.network
    assert network.quant_conv is not None
    assert network.post_quant_conv is not None
    device = network.quant_conv.weight.device
    mean = torch.cat([vae.posterior(chunk.to(device))[0] for chunk in images.split(64)])
    mean = mean.double()
    center = mean.mean((0, 2, 3))
    metric = _pixel_metric(vae, mean.float())
    values, vectors = torch.linalg.eigh(metric)
    root = vectors @ torch.diag(values.clamp(min=values.max() * 1e-4).sqrt()) @ vectors.T
    mixed = torch.einsum("dc,nchw->ndhw", root, mean - center[:, None, None])
    root = root / (mixed.square().mean().sqrt() * vae.scaling_factor)
    _fold(network.quant_conv, network.post_quant_conv, root, center)


def _pixel_metric(vae: LatentAutoencoder, mean: Tensor) -> Tensor:
    """E[J^T J] between latent channels [c, c], by differences along random signs."""
    random = torch.Generator(mean.device).manual_seed(0)
    channels = mean.shape[1]
    metric = torch.zeros(channels, channels, dtype=torch.float64, device=mean.device)
    step = STEP * mean.std()
    for chunk in mean.split(32):
        base = vae.decode(chunk * vae.scaling_factor)
        shape = (len(chunk), *chunk.shape[2:])
        signs = torch.randint(2, shape, generator=random, device=mean.device) * 2.0 - 1
        changes = []
        for channel in range(channels):
            moved = chunk.clone()
            moved[:, channel] += step * signs
            changes.append((vae.decode(moved * vae.scaling_factor) - base).flatten() / step)
        jacobian = torch.stack(changes).double()
        metric += jacobian @ jacobian.T / mean[0, 0].numel() / len(mean)
    return metric


def _fold(into: torch.nn.Conv2d, out_of: torch.nn.Conv2d, root: Tensor, center: Tensor) -> None:
    """Let ``into`` give root (z - center) for its mean half z, and ``out_of`` take it back."""
    channels = len(center)
    assert into.bias is not None
    assert out_of.bias is not None
    weight, bias = into.weight.double(), into.bias.double()
    back = torch.linalg.inv(root)
    kernel = out_of.weight.double()[:, :, 0, 0]
    weight[:channels, :, 0, 0] = root @ weight[:channels, :, 0, 0]
    bias[:channels] = root @ (bias[:channels] - center)
    weight[channels:] = 0  # mixed channels have no diagonal variance: a small constant instead
    bias[channels:] = -6.0
    out_of.bias.copy_(out_of.bias.double() + kernel @ center)
    out_of.weight.copy_((kernel @ back)[:, :, None, None])
    into.weight.copy_(weight)
    into.bias.copy_(bias)
