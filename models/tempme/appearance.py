"""What a group of merged patches looks like: its mean patch, and how patches change with place.

A group's patches are modelled as mean + sum over three axes of offset times change. Offsets are
whitened inside each group (zero mean, unit variance, uncorrelated), so the changes are plain
averages, and an error in any of the four vectors counts as often as the group has patches. Both
sides get the offsets from the map. The mean alone is what TempMe's own merging would keep.
"""

import torch
from einops import rearrange
from torch import Tensor

from .source_map import group_mean, unmerge

AXES = 3  # column, row, frame
STEADY = 0.1  # squared patches, added to the spread of a group: one place has no direction


def to_patches(video: Tensor, patch: int) -> Tensor:
    """[item, frame, 3, H, W] -> pixels of each patch, [item, frame, row, column, pixels]."""
    return rearrange(video, "b t c (h p) (w q) -> b t h w (c p q)", p=patch, q=patch)


def from_patches(patches: Tensor, patch: int) -> Tensor:
    """The inverse of :func:`to_patches`."""
    return rearrange(patches, "b t h w (c p q) -> b t c (h p) (w q)", p=patch, q=patch)


def group_offsets(source: Tensor, groups: int) -> Tensor:
    """Where each patch lies in its group, whitened: fp32 [item, frame, row, column, AXES]."""
    sides = [torch.arange(n, device=source.device, dtype=torch.float32) for n in source.shape[1:]]
    here = torch.stack(torch.meshgrid(*sides, indexing="ij")[::-1], dim=-1)
    here = here.expand(len(source), *here.shape)
    offset = here - unmerge(group_mean(here, source, groups), source)
    products = (offset[..., :, None] * offset[..., None, :]).flatten(-2)
    spread = group_mean(products, source, groups).unflatten(-1, (AXES, AXES))
    steady = STEADY * torch.eye(AXES, device=source.device)
    root = torch.linalg.cholesky(spread + steady)
    whiten = torch.linalg.solve_triangular(
        root, torch.eye(AXES).to(root).expand_as(root), upper=False
    )
    each = unmerge(whiten.flatten(-2), source).unflatten(-1, (AXES, AXES))
    return (each @ offset[..., None])[..., 0]


def group_moments(patches: Tensor, source: Tensor, groups: int, offsets: Tensor | None) -> Tensor:
    """Mean patch and its change along each axis: [item, group, (1 + AXES) * pixels].

    Without offsets the mean alone, [item, group, pixels].
    """
    mean = group_mean(patches, source, groups)
    if offsets is None:
        return mean
    rest = patches - unmerge(mean, source)
    changes = group_mean((offsets[..., :, None] * rest[..., None, :]).flatten(-2), source, groups)
    return torch.cat([mean, changes], dim=-1)


def render(moments: Tensor, source: Tensor, offsets: Tensor | None) -> Tensor:
    """Moments back to patches [item, frame, row, column, pixels]: the inverse, as far as it goes."""
    if offsets is None:
        return unmerge(moments, source)
    pixels = moments.shape[-1] // (1 + AXES)
    each = unmerge(moments, source).unflatten(-1, (1 + AXES, pixels))
    return each[..., 0, :] + (offsets[..., None] * each[..., 1:, :]).sum(-2)
