"""How training the appearance starts: from closed forms, the best linear codec of the moments."""

import torch
from torch import Tensor

from .appearance_codec import AppearanceCodec
from .codebook_fit import fit_codebook


@torch.no_grad()
def start_from_moments(
    codec: AppearanceCodec, moments: Tensor, sizes: Tensor, random: torch.Generator
) -> None:
    """Principal axes into the linear layers, weighted k-means into the codebook.

    Args:
        codec: changed in place; what its networks add to the linear layers is silent at birth.
        moments: [n, dim] of groups.
        sizes: [n], patches of each.
        random: for k-means.
    """
    vectors = moments
    if codec.encoder is not None and codec.decoder is not None:
        share = (sizes / sizes.sum())[:, None]
        mean = (moments * share).sum(0)
        rest = moments - mean
        axes = torch.linalg.eigh(rest.T @ (rest * share)).eigenvectors.flip(1)
        axes = axes[:, : codec.codebook.table.shape[2]].T  # [dim, moments]
        codec.encoder.linear.weight.copy_(axes)
        codec.encoder.linear.bias.copy_(-(axes @ mean))
        codec.decoder.linear.weight.copy_(axes.T)
        codec.decoder.linear.bias.copy_(mean)
        vectors = codec.encoder.linear(moments)
    fit_codebook(codec.codebook, vectors, sizes, random)
