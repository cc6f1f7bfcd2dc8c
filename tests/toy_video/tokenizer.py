"""A video tokenizer without weights: mean colours of blocks, merged over pairs of frames."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.family import Encoded
from zoo.video_tokenizer import VideoTokenizer

BLOCK = 4  # pixels


@dataclass(frozen=True)
class Config:
    blocks: int


class ToyVideo(VideoTokenizer):
    """Windows of 4 frames of 8 x 12 pixels: a grid of (4, 2, 3) blocks, 12 positions, 3 slots."""

    config_type = Config

    @classmethod
    def build(cls, config: Any) -> nn.Module:
        return nn.Linear(1, 1)

    @property
    def patches(self) -> tuple[int, int]:
        return 2, 3

    def _encode(self, batch: Tensor, *arguments: Any, **options: Any) -> Encoded:
        frames = self.normalized(batch)
        pairs = frames.unflatten(1, (2, 2)).mean(2)  # [item, pair, 3, height, width]
        blocks = pairs.unflatten(4, (3, BLOCK)).unflatten(3, (2, BLOCK)).mean((4, 6))
        codes = (blocks * 255).round().long().movedim(2, 1).flatten(2)  # [item, 3, pair * 2 * 3]
        block = torch.arange(12, dtype=torch.int32).view(2, 1, 2, 3)
        source_map = block.expand(2, 2, 2, 3).reshape(1, 4, 2, 3).expand(len(batch), -1, -1, -1)
        grid = torch.tensor([[4, 2, 3]]).expand(len(batch), -1)
        return Encoded(codes, grid=grid, extras={"source_map": source_map})

    def _decode(self, codes: Tensor, *arguments: Any, **options: Any) -> Tensor:
        assert codes.shape[2] == 12, "one window"
        labels = options["extras"]["source_map"].clamp(min=0).long()
        found = codes.gather(2, labels.flatten(1)[:, None].expand(-1, 3, -1)) / 255
        blocks = found.unflatten(2, (4, 2, 3)).movedim(1, 2)  # [item, frame, 3, row, column]
        return blocks.repeat_interleave(BLOCK, 3).repeat_interleave(BLOCK, 4)
