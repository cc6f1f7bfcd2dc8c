"""Ids of groups, and frames from ids: appearance first, then what the trunk's tokens mean."""

import torch
from torch import Tensor

from .encoder import MergedVideo
from .model import TempMeModel


def semantic_vectors(model: TempMeModel, tokens: Tensor) -> Tensor:
    """Tokens [item, group, width] in the space of texts, or as they are: what is quantised."""
    head = model.video_head
    return tokens if head is None else head.project(head.norm(tokens))


def group_ids(
    model: TempMeModel, frames: Tensor, video: MergedVideo, slots: int | None = None
) -> Tensor:
    """Ids int64 [item, slot, group] of the first ``slots`` slots; ``frames`` are in 0..1."""
    found, groups = [], video.tokens.shape[1]
    if model.appearance is not None:
        codec = model.appearance
        moments = codec.moments(frames, video.source, groups)
        vectors = codec.vectors(moments, video.tokens, video.source)
        found.append(codec.codebook.ids(vectors, slots))
    if model.semantic is not None:
        found.append(model.semantic.ids(semantic_vectors(model, video.tokens)))
    return torch.cat(found, dim=-1)[..., :slots].transpose(1, 2)


def appearance_codes(model: TempMeModel, ids: Tensor) -> Tensor:
    """What the appearance's ids among [item, slot, group] stand for: [item, group, dim]."""
    assert model.appearance is not None
    book = model.appearance.codebook
    return book.vectors(ids[:, : len(book.table)].transpose(1, 2))


def semantic_codes(model: TempMeModel, ids: Tensor) -> Tensor:
    """What the semantic ids among [item, slot, group] stand for: [item, group, dim]."""
    assert model.semantic is not None
    before = 0 if model.appearance is None else len(model.appearance.codebook.table)
    return model.semantic.vectors(ids[:, before:].transpose(1, 2))
