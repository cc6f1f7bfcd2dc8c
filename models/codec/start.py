"""A start in closed form: the best linear codec of its kind, which training then bends.

Window by window a lapped cosine transform (MDCT) that can be undone exactly, turned to the axes
along which training speech varies most, the strongest first (Karhunen-Loève); codebooks by
k-means. Hours of training from random weights do not get as far on one core.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..layers.residual_vq import ResidualQuantizer
from .model import Codec
from .unit import Unit

FLOOR = 1e-6  # of a direction's variance, relative to the strongest


def lapped_cosines(hop: int, overlap: int) -> Tensor:
    """The orthogonal basis [hop, hop + overlap] of windows that share ``overlap`` samples.

    Source: Princen, Johnson, Bradley 1987 (MDCT), with a window that is flat where it is alone.
    """
    time = torch.arange(2 * hop, dtype=torch.float64)
    pitch = torch.arange(hop, dtype=torch.float64)[:, None]
    begin = (hop - overlap) // 2
    rise = torch.sin(math.pi / 2 * (torch.arange(overlap, dtype=torch.float64) + 0.5) / overlap)
    window = torch.cat([rise, torch.ones(hop - overlap, dtype=torch.float64), rise.flip(0)])
    waves = torch.cos(math.pi / hop * (time + 0.5 + hop / 2) * (pitch + 0.5))
    return math.sqrt(2 / hop) * waves[:, begin : begin + hop + overlap] * window


@torch.no_grad()
def start_as_transform(model: Codec, sounds: Tensor, flatten: float) -> None:
    """Make encoder and decoder a linear transform and its inverse; units change nothing yet.

    ``sounds`` [item, 1, samples] say what speech is like. A latent of variance v is divided by
    v^flatten: 0 keeps errors in the sound as they are, 0.5 makes faint parts count like loud ones.
    """
    encoder, decoder = model.encoder, model.decoder
    hop, overlap = encoder.filters.stride, decoder.overlap
    assert encoder.project.out_channels <= hop <= encoder.project.in_channels
    cosines = lapped_cosines(hop, overlap)
    parts = F.conv1d(F.pad(sounds, (overlap, 0)).double(), cosines[:, None], stride=hop)
    rows = parts.transpose(1, 2).flatten(0, 1)  # [position, hop]
    variances, axes = torch.linalg.eigh(rows.T @ rows / len(rows))
    variances, axes = variances.flip(0), axes.flip(1)
    variances = variances.clamp(min=FLOOR * float(variances[0]))
    scales = (variances / variances[0]) ** -flatten * variances[0] ** -0.5
    encoder.filters.conv.weight[:hop] = ((axes * scales).T @ cosines)[:, None].float()
    decoder.filters.weight[:hop] = ((axes / scales).T @ cosines)[:, None].float()
    decoder.filters.weight[hop:] = 0  # channels beyond a complete transform wait to be used
    for layer in (encoder.filters.conv, decoder.filters, encoder.project, decoder.project):
        assert layer.bias is not None
        layer.bias.zero_()
    for project in (encoder.project, decoder.project):
        project.weight.copy_(torch.eye(*project.weight.shape[:2])[..., None])
    for unit in (*encoder.units, *decoder.units):
        assert isinstance(unit, Unit)
        nn.init.zeros_(unit.shrink.weight)
        nn.init.zeros_(unit.shrink.bias)


@torch.no_grad()
def start_codebooks(
    quantizer: ResidualQuantizer, latents: Tensor, rounds: int, random: torch.Generator
) -> None:
    """K-means, level by level, of latents [n, dim]; each level gets what is left over."""
    rest = latents
    for level in quantizer.levels:
        table = level.codebook.weight
        table.copy_(_drawn(rest, len(table), random))
        for _ in range(rounds):
            ids = nearest(rest, table)
            counts = torch.bincount(ids, minlength=len(table))[:, None]
            sums = torch.zeros_like(table).index_add_(0, ids, rest)
            spare = _drawn(rest, len(table), random)
            table.copy_(torch.where(counts > 0, sums / counts.clamp(min=1), spare))
        rest = rest - table[nearest(rest, table)]


@torch.no_grad()
def settle_scale(model: Codec) -> None:
    """Bring the latents to about unit size, which training leaves open; no id changes.

    They grow with training, so what makes and reads them can be far from it afterwards.
    """
    tables = [level.codebook.weight for level in model.quantizer.levels]
    size = float(torch.stack([table.square().mean() for table in tables]).sum().sqrt())
    _rescale(model, 1 / max(size, 1e-30))


@torch.no_grad()
def trainable_scale(model: Codec) -> None:
    """Bring the encoder's last weights to the size of an identity's; no id changes.

    A step of Adam is as large whatever the weights are: it would destroy much smaller ones.
    """
    _rescale(model, model.encoder.project.in_channels**-0.5 / _size(model))


def _size(model: Codec) -> float:
    return max(float(model.encoder.project.weight.square().mean().sqrt()), 1e-30)


def _rescale(model: Codec, factor: float) -> None:
    """Make latents and codebooks about ``factor`` times as large, and what reads them less so.

    By a power of two, so that every number keeps its digits.
    """
    scale = 2.0 ** round(math.log2(factor))
    tables = [level.codebook.weight for level in model.quantizer.levels]
    for tensor in (*model.encoder.project.parameters(), *tables):
        tensor.mul_(scale)
    model.decoder.project.weight.div_(scale)


def nearest(vectors: Tensor, table: Tensor) -> Tensor:
    """Rows [n, dim] -> int64 [n], the nearest of the table's rows each."""
    return (2 * vectors @ table.T - table.square().sum(1)).argmax(1)


def _drawn(vectors: Tensor, count: int, random: torch.Generator) -> Tensor:
    return vectors[torch.randint(len(vectors), (count,), generator=random).to(vectors.device)]
