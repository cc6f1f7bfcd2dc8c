"""The parts of a TempMe that ``zoo bench --parts`` times, and its trunk without any merging."""

from collections.abc import Callable, Iterable
from typing import cast

import torch
from torch import Tensor

from .block import MergingBlock, State
from .encoder import MergingEncoder
from .tokenizer import TempMe


def parts(tok: TempMe, batch_size: int, prefix: int | None) -> dict[str, Callable[[], object]]:
    """Callables over fixed random windows of the model's size, by name."""
    encoder, size = tok.module.encoder, tok.config.trunk.image_size
    random = torch.Generator().manual_seed(0)
    video = torch.randn((batch_size, encoder.frames, 3, size, size), generator=random)
    video = video.to(tok.device, tok.dtype)
    first = tok.config.merging.join_blocks[0]
    with torch.inference_mode():
        start = encoder.start(video)
        joining = run(encoder, start, 0, first)
        end = run(encoder, joining, first, None)
    return {
        "encoder": lambda: encoder(video),
        "encoder without merging (plain CLIP)": lambda: plain(encoder, video),
        "patches": lambda: encoder.start(video),
        "blocks that merge inside frames": lambda: run(encoder, start, 0, first),
        "blocks that join clips": lambda: run(encoder, joining, first, None),
        "order of groups": lambda: encoder.finish(end),
    }


def run(encoder: MergingEncoder, state: State, first: int, last: int | None) -> State:
    """Some of the blocks."""
    for block in encoder.blocks[first:last]:
        state = block(state)
    return state


def plain(encoder: MergingEncoder, video: Tensor) -> Tensor:
    """Every frame by itself through all blocks, with all of its tokens: CLIP as it was."""
    x = encoder.start(video).tokens
    for block in cast(Iterable[MergingBlock], encoder.blocks):
        x = x + block.attention(block.norm1(x))[0]
        x = x + block.mlp(block.norm2(x))
    return x
