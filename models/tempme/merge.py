"""Bipartite matching of alike tokens, and their mean: ToMe's merge, without its closures.

Source: ``bipartite_soft_matching`` and ``merge_wavg`` of LunarShen/TempMe e624930, after ToMe
(Bolya et al. 2022, arXiv 2210.09461). Ties, whose order upstream leaves open, go to the earlier
token. All shapes are known beforehand, and no sum depends on the order of threads.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import normalize


class Matching(NamedTuple):
    """Which tokens merge. Tokens alternate between the ones that may move and their targets."""

    movers: slice  # among all tokens of a clip; class tokens are in neither
    targets: slice
    kept: Tensor  # [clip, a - r] movers that stay, ascending
    moved: Tensor  # [clip, r] movers that merge
    into: Tensor  # [clip, r] the target of each
    new_index: Tensor  # [clip, patch] where each patch token goes, among the new patch tokens


def match(metric: Tensor, classes: int, count: int) -> Matching:
    """Find the ``count`` most alike pairs of patch tokens.

    ``metric`` [clip, token, dim] says what is alike, by cosine in fp32; its first ``classes``
    rows are class tokens. New patch tokens are the kept movers, then all targets.
    """
    movers, targets = (
        slice(classes + classes % 2, None, 2),
        slice(classes + 1 - classes % 2, None, 2),
    )
    unit = normalize(metric.float(), dim=-1)
    alike = unit[:, movers] @ unit[:, targets].transpose(1, 2)  # [clip, a, b]
    best, target = alike.max(dim=2)
    order = best.argsort(dim=1, descending=True, stable=True)
    moved, kept = order[:, :count], order[:, count:].sort(dim=1).values
    into = target.gather(1, moved)

    stay = kept.shape[1]
    goes = (target + stay).scatter(1, kept, torch.arange(stay, device=kept.device).expand_as(kept))
    places = torch.arange(stay, stay + alike.shape[2], device=kept.device)
    new_index = kept.new_empty(len(kept), metric.shape[1] - classes)
    new_index[:, classes % 2 :: 2] = goes
    new_index[:, 1 - classes % 2 :: 2] = places
    return Matching(movers, targets, kept, moved, into, new_index)


def merge(
    tokens: Tensor, sizes: Tensor | None, classes: int, found: Matching
) -> tuple[Tensor, Tensor]:
    """The mean of each group, weighted by what its tokens stand for.

    Args:
        tokens: [clip, token, dim].
        sizes: float32 [clip, token]: how many patches each token is the mean of; None: one.
        classes: class tokens at the start, which stay.
        found: the matching.

    Returns:
        New tokens [clip, token - r, dim] and their sizes: classes, kept movers, targets.
    """
    if sizes is None:
        sizes = torch.ones(tokens.shape[:2], device=tokens.device)
    a, b = tokens[:, found.movers], tokens[:, found.targets]
    size_a, size_b = sizes[:, found.movers], sizes[:, found.targets]

    moved_size = size_a.gather(1, found.moved)[..., None]
    moved = _rows(a, found.moved).float() * moved_size
    columns = torch.arange(b.shape[1], device=b.device)
    share = (columns[:, None] == found.into[:, None]).float()  # [clip, b, r]
    size_b = size_b[..., None]
    new_size = size_b + share @ moved_size
    mean = torch.baddbmm(b.float() * size_b, share, moved) / new_size

    new_tokens = [tokens[:, :classes], _rows(a, found.kept), mean.to(tokens.dtype)]
    new_sizes = [sizes[:, :classes], size_a.gather(1, found.kept), new_size[..., 0]]
    return torch.cat(new_tokens, dim=1), torch.cat(new_sizes, dim=1)


def _rows(tokens: Tensor, index: Tensor) -> Tensor:
    """Rows ``index`` [clip, n] of tokens [clip, token, dim]."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[2]))
