"""Closed-form weights that a small TokenFlow begins with: it codes patches well before it learns.

Both halves of a code have unit length, and their error is measured alike. A half begins as a
constant vector, one per scale to come, that what is to be said tilts a little: so small tilts
add up and are compared as if there were no sphere, and their sizes share out the bits.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .follower import Follower, vectors
from .pixels import PixelDecoder, PixelEncoder
from .quantizer import DualQuantizer
from .semantics import SemanticDecoder, SemanticEncoder

RIDGE = 1e-3  # of the regression, relative to the features' mean variance
CURVE = 0.5  # deviation of what enters the head's tanh
BATCH, QUICK, LEAST = 64, 0.9, 0.1  # of k-means: pictures a round, and see Follower


@dataclass(frozen=True)
class Tilts:
    """How far the halves of a code tilt."""

    pixel: float  # per unit of a patch's principal components, pixels in -1..1
    semantic: float  # root mean square


@torch.no_grad()
def pixel_start(
    encoder: PixelEncoder,
    decoder: PixelDecoder,
    images: Tensor,
    scales: int,
    tilt: float,
    random: torch.Generator,
) -> None:
    """Principal components of patches, there and back; the networks add nothing yet.

    images [n, 3, H, W] in -1..1. Needs both linear maps (``ConvConfig.share``).
    """
    dims = encoder.to_codes.out_channels
    patches = F.pixel_unshuffle(images, encoder.factor).permute(0, 2, 3, 1).flatten(0, 2)
    mean, axes = principal(patches, dims - 1)
    offset = _below(-tilt * (axes @ mean))
    offset[0] = scales
    _set(encoder.linear, _below(tilt * axes), offset)
    _set(decoder.linear, _below(axes / tilt).T, mean)
    for part in (encoder.to_codes, decoder.network.conv_out):
        nn.init.zeros_(part.weight)
        nn.init.zeros_(part.bias)  # pyright: ignore[reportArgumentType]
    decoder.from_codes.weight[:, :1] = 0
    std = 1 / tilt / dims**0.5
    nn.init.normal_(decoder.from_codes.weight[:, 1:], std=std, generator=random)
    nn.init.zeros_(decoder.from_codes.bias)  # pyright: ignore[reportArgumentType]


@torch.no_grad()
def semantic_start(
    encoder: SemanticEncoder,
    decoder: SemanticDecoder,
    features: Tensor,
    taught: Tensor,
    scales: int,
    tilt: float,
    random: torch.Generator,
) -> None:
    """The principal components of a teacher's features, as far as the tower's tell them.

    features [n, width] of the tower and taught [n, out] of the teacher, of the same places.
    """
    inner, last = encoder.head[0], encoder.head[2]
    assert isinstance(inner, nn.Linear)
    assert isinstance(last, nn.Linear)
    mean, scale = features.mean(0), CURVE / features.std(0)
    inner.weight.copy_(scale.diag())
    inner.bias.copy_(-scale * mean)
    hidden = torch.tanh((features - mean) * scale)
    centre, axes = principal(taught, last.out_features - 1)
    wanted = (taught - centre) @ axes.T
    offset = hidden.mean(0)
    hidden = hidden - offset
    square = hidden.T @ hidden
    square.diagonal().add_(RIDGE * square.diagonal().mean())
    weight = torch.linalg.solve(square, hidden.T @ wanted).T
    weight *= tilt / (hidden @ weight.T).square().sum(1).mean().sqrt()
    last.weight.copy_(_below(weight))
    last.bias.copy_(_below(-(weight @ offset)))
    last.bias[0] = scales
    decoder.embed.weight[:, 0] = 0
    std = 1 / tilt / last.out_features**0.5
    nn.init.normal_(decoder.embed.weight[:, 1:], std=std, generator=random)


@torch.no_grad()
def codebook_start(
    quantizer: DualQuantizer,
    features: Tensor,
    scales: tuple[int, ...],
    rounds: int,
    random: torch.Generator,
) -> None:
    """k-means in batches: rows begin on vectors and follow them for some rounds.

    features [n, c, g, g] are what is quantised.
    """
    follower = Follower(quantizer, decay=QUICK, least=LEAST)
    for number in range(rounds):
        rows = torch.randint(len(features), (BATCH,), generator=random)
        steps = list(quantizer.steps(features[rows], scales))
        if not number:
            found = vectors(steps)
            chosen = torch.randint(len(found), (len(follower.counts),), generator=random)
            quantizer.put(found[chosen])
            follower.restart(quantizer.table())
        follower(quantizer, steps, random)


def principal(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Mean [d] and the first principal axes [count, d] of rows [n, d]."""
    mean = rows.mean(0)
    axes = torch.linalg.eigh((rows - mean).T @ (rows - mean))[1]
    return mean, axes.T.flip(0)[:count]


def _set(layer: nn.Conv2d, matrix: Tensor, offset: Tensor) -> None:
    """Make a 1 x 1 convolution this map."""
    assert layer.bias is not None
    layer.weight.copy_(matrix[:, :, None, None])
    layer.bias.copy_(offset)


def _below(x: Tensor) -> Tensor:
    """Under a first entry of zeros: the constant's."""
    return torch.cat([x.new_zeros(1, *x.shape[1:]), x])
