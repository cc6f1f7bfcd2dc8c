"""Which tokens should merge, learned: those whose patches lose least by becoming one.

Merging takes the best of all pairs of movers and targets. What a pair costs in squared error is
known (Ward 1963: n m / (n + m) times the squared distance of the two means), so similarities can be
taught to rank pairs alike: a distribution over all pairs, compared with that of the costs.
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, normalize

from .block import MergingBlock
from .encoder import MergingEncoder


def matching_losses(
    encoder: MergingEncoder, video: Tensor, patches: Tensor, temperature: float
) -> list[Tensor]:
    """A loss for each merge on the way through the trunk.

    Args:
        encoder: the trunk.
        video: normalised frames [item, frame, 3, H, W].
        patches: their pixels [item, frame, row, column, dim].
        temperature: of the cosines.
    """
    losses: list[Tensor] = []
    state = encoder.start(video)
    content = patches.flatten(0, 1).flatten(1, 2)  # [clip, patch, dim]
    for block in cast(Iterable[MergingBlock], encoder.blocks):
        step = block.step
        if step.joins > 1:
            content = content.unflatten(0, (-1, step.joins)).flatten(1, 2)
            joined = block.joined(state)
            if step.cross:
                place = step.classes, step.cross
                losses.append(ranking(joined.tokens, joined.source, content, *place, temperature))
            state = block.cross(state)
        before, keys = state, _Keys()
        hook = block.attention.register_forward_hook(keys)
        try:
            state = block.attend(state)
        finally:
            hook.remove()
        if step.intra:
            place = step.classes, step.intra
            losses.append(ranking(keys.seen, before.source, content, *place, temperature))
    return losses


class _Keys:
    """Looks on while attention runs, and keeps the mean keys that it gives."""

    seen: Tensor

    def __call__(self, module: object, given: object, found: tuple[Tensor, Tensor]) -> None:
        self.seen = found[1]


def ranking(
    metric: Tensor, source: Tensor, content: Tensor, classes: int, count: int, temperature: float
) -> Tensor:
    """Cross-entropy of the pairs' similarities against what merging them would cost.

    Args:
        metric: [clip, token, dim], class tokens first.
        source: [clip, patch], the patch token that each patch is in.
        content: [clip, patch, pixels].
        classes: class tokens.
        count: pairs that will merge. Costs are counted in that of the ``count``-th best mover, so
            the pairs that should merge matter, whatever the video.
        temperature: of the cosines.
    """
    tokens = metric.shape[1] - classes
    ones = torch.ones_like(source, dtype=torch.float32)
    sizes = ones.new_zeros(len(source), tokens).scatter_add(1, source, ones)
    index = source[..., None].expand_as(content)
    means = content.new_zeros(len(content), tokens, content.shape[2])
    means = means.scatter_add(1, index, content) / sizes[..., None]
    movers, targets = slice(classes % 2, None, 2), slice(1 - classes % 2, None, 2)

    unit = normalize(metric[:, classes:].float(), dim=-1)
    alike = unit[:, movers] @ unit[:, targets].transpose(1, 2)  # [clip, a, b]
    a, b = means[:, movers], means[:, targets]
    size_a, size_b = sizes[:, movers, None], sizes[:, None, targets]
    cost = torch.cdist(a, b).square() * size_a * size_b / (size_a + size_b)
    scale = cost.amin(2).kthvalue(count, dim=1).values[:, None, None].clamp(min=1e-6)
    wanted = (-cost / scale).flatten(1).softmax(1)
    return -(wanted * log_softmax((alike / temperature).flatten(1), 1)).sum(1).mean()
