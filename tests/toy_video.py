"""A video tokenizer without weights: mean colours of blocks, merged over pairs of frames."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.cards import Card, parse_card
from zoo.family import Encoded
from zoo.video_tokenizer import VideoTokenizer

CARD = """\
---
license: cc0-1.0
zoo:
  schema: 1
  family: toy
  id_revision: 1
  source:
    - {{name: model, role: both, file: toy.safetensors, format: zoo}}
  config: {{blocks: 4}}
  input:
    modality: video
    size: [8, 12]
    fit: {fit}
    interpolation: bicubic
    mean: [0.0, 0.0, 0.0]
    std: [1.0, 1.0, 1.0]
    frames: 4
    {sampling}
  output: {{fps: 2}}
  tokens:
    order: time
    vocab_sizes: [256, 256, 256]
    segment: 12
    segment_hop: 4
    crop: 12
    extras:
      - name: source_map
        dtype: int32
        axes: [item, frame, row, column]
        neutral: -1
        bits: 4
        labels: true
  deterministic_decode: true
---
"""
BLOCK = 4  # pixels


class ToyVideo(VideoTokenizer):
    """Windows of 4 frames of 8 x 12 pixels: a grid of (4, 2, 3) blocks, 12 positions, 3 slots."""

    config_type = dict

    @classmethod
    def build(cls, config: Any) -> nn.Module:
        return nn.Linear(1, 1)

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


def toy(fit: str = "squash", sampling: str = "sampling: dense") -> ToyVideo:
    text = CARD.format(fit=fit, sampling=sampling)
    card: Card = parse_card(text, Path("toy-video.md"))
    return ToyVideo(card, {}, ToyVideo.build({}))
