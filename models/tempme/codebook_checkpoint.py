"""Codebooks for a trunk that has none, fitted to a folder of videos: ``zoo fit-codebook``.

Closed forms only: k-means over the moments of groups (what they look like) and over the trunk's
tokens (what they mean), each vector counted once per patch that it stands for. The decoder that
comes with the first has no parameters but the table.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from zoo.errors import MediaError, NotSupportedError
from zoo.media.image import canonical

from .codebook_fit import fit_codebook
from .config import AppearanceConfig, CodebookConfig, TempMeConfig
from .group_ids import semantic_vectors
from .model import TempMeModel, build_model
from .tokenizer import TempMe


@dataclass(frozen=True)
class Fitting:
    """What is fitted, and to how much."""

    slots: int = 8
    semantic_slots: int = 1
    size: int = 1024
    changes: bool = True
    vectors: int = 20_000  # of all that the videos give, these many, evenly over the windows
    seed: int = 0


def fit(tok: TempMe, windows: Iterable[Tensor], fitting: Fitting) -> tuple[TempMeModel, dict]:
    """Fit codebooks for ``tok`` to prepared windows [frames, 3, height, width].

    Returns:
        The model with its codebooks, and what changes in the card: ``config`` and ``tokens``.

    Raises:
        NotSupportedError: for a checkpoint that has ids.
        MediaError: if there are fewer groups than ids.
    """
    if tok.config.appearance or tok.config.semantic:
        raise NotSupportedError(f"{tok.name} has a codebook; fit one for a checkpoint without")
    config = _with_codebooks(tok.config, fitting)
    model = build_model(config)
    model.load_state_dict(tok.module.state_dict(), strict=False)  # all but the codebooks
    model.requires_grad_(False).eval()
    looks, meanings, sizes = _collected(tok, model, windows, fitting)
    if len(sizes) < fitting.size:
        raise MediaError(
            f"the videos give {len(sizes)} groups, too few for {fitting.size} ids; add videos or "
            "ask for a smaller codebook"
        )
    random = torch.Generator().manual_seed(fitting.seed)
    if model.appearance is not None:
        fit_codebook(model.appearance.codebook, looks, sizes, random)
    if model.semantic is not None:
        fit_codebook(model.semantic, meanings, sizes, random)
    return model, _facts(tok, config, fitting)


def _with_codebooks(config: TempMeConfig, fitting: Fitting) -> TempMeConfig:
    appearance = semantic = None
    if fitting.slots:
        appearance = AppearanceConfig(CodebookConfig(fitting.slots, fitting.size), fitting.changes)
    if fitting.semantic_slots:
        semantic = CodebookConfig(fitting.semantic_slots, fitting.size)
    return replace(config, appearance=appearance, semantic=semantic)


@torch.no_grad()
def _collected(
    tok: TempMe, model: TempMeModel, windows: Iterable[Tensor], fitting: Fitting
) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors of both kinds and sizes, of groups drawn at random: [n, dim], [n, dim], [n]."""
    random = torch.Generator().manual_seed(fitting.seed)
    found: list[tuple[Tensor, Tensor, Tensor]] = []
    held = 0
    for window in windows:
        frames = canonical(window[None])
        video = model.encoder(tok.normalized(window[None]))
        looks = video.tokens[..., :0]
        if model.appearance is not None:
            looks = model.appearance.moments(frames, video.source, video.tokens.shape[1])
        meanings = semantic_vectors(model, video.tokens)
        found.append((looks[0], meanings[0], video.sizes[0].float()))
        held += len(looks[0])
        if held > 2 * fitting.vectors:  # thin out as they come: memory stays bounded
            found, held = [_drawn(found, fitting.vectors, random)], fitting.vectors
    return _drawn(found, fitting.vectors, random)


def _drawn(
    found: list[tuple[Tensor, Tensor, Tensor]], most: int, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    if not found:
        raise MediaError("no videos to fit a codebook to")
    looks, meanings, sizes = (torch.cat(parts) for parts in zip(*found, strict=True))
    kept = torch.randperm(len(sizes), generator=random)[:most]
    return looks[kept], meanings[kept], sizes[kept]


def _facts(tok: TempMe, config: TempMeConfig, fitting: Fitting) -> dict[str, Any]:
    """The card's ``config`` and ``tokens`` that go with the codebooks."""
    slots = fitting.slots + fitting.semantic_slots
    names = [f"appearance {n}" for n in range(1, fitting.slots + 1)]
    if fitting.semantic_slots == 1:
        names.append("semantic")
    else:
        names += [f"semantic {n}" for n in range(1, fitting.semantic_slots + 1)]
    tokens = tok.spec.to_dict() | {"vocab_sizes": [fitting.size] * slots, "slots": names}
    return {"config": asdict(config), "tokens": tokens}
