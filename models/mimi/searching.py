"""The quantiser's search for step after step: what depends on the tables alone is computed once."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..layers.residual_vq import nearest


def searching(quantizer: Any, count: int) -> Callable[[Tensor], Tensor]:
    """Latents [item, width, position] -> ids [item, slot, position] of ``count`` codebooks.

    The ids are those of transformers' ``encode``, whose distances are roots; a few vectors are
    compared as many are there.
    """
    semantic = quantizer.semantic_residual_vector_quantizer
    acoustic = quantizer.acoustic_residual_vector_quantizer
    branches = [
        (branch.input_proj, nearest([level.codebook.embed for level in levels]))
        for branch, levels in (
            (semantic, semantic.layers),
            (acoustic, acoustic.layers[: count - len(semantic.layers)]),
        )
    ]

    def ids(latents: Tensor) -> Tensor:
        found = []
        for project, search in branches:
            found += search(latents if project is None else project(latents))
        return torch.stack(found, dim=1)

    return ids
