"""The encoder: frames in; few tokens, one class token per frame, and the map of patches out.

Source: ``VTRModel.get_video_feat`` of LunarShen/TempMe e624930; the trunk is OpenAI CLIP's.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from .block import MergingBlock, State
from .config import MergingConfig, TrunkConfig
from .schedule import group_count, schedule
from .source_map import canonical, group_sizes


class MergedVideo(NamedTuple):
    """A window of frames after the last block."""

    tokens: Tensor  # [item, group, width], ordered by each group's first patch
    classes: Tensor  # [item, frame, width]
    sizes: Tensor  # int64 [item, group]: patches in each group
    source: Tensor  # int64 [item, frame, row, column]: the group of each patch


class MergingEncoder(nn.Module):
    """CLIP's vision transformer on each frame; its blocks merge tokens, and join frames to clips."""

    def __init__(self, trunk: TrunkConfig, merging: MergingConfig) -> None:
        super().__init__()
        width, side = trunk.width, trunk.side
        self.side = side
        self.frames = merging.frames
        steps = schedule(merging, side * side, trunk.depth)
        self.last = steps[-1]
        self.groups = group_count(steps)
        self.patches = nn.Conv2d(3, width, trunk.patch, stride=trunk.patch, bias=False)
        self.class_token = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positions = nn.Parameter(torch.randn(1 + side * side, width) * width**-0.5)
        self.norm_in = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(
            MergingBlock(width, trunk.heads, trunk.hidden, step, size_bias=merging.size_bias)
            for step in steps
        )

    def forward(self, video: Tensor) -> MergedVideo:
        """Normalised frames [item, frame, 3, H, W], as many as a window has."""
        state = self.start(video)
        for block in self.blocks:
            state = block(state)
        return self.finish(state)

    def start(self, video: Tensor) -> State:
        """Frames -> their patches and class tokens, each frame a clip of its own."""
        x = self.patches(video.flatten(0, 1)).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)
        places = torch.arange(x.shape[1] - 1, device=x.device).expand(len(x), -1)
        return State(self.norm_in(x + self.positions), None, places)

    def finish(self, state: State) -> MergedVideo:
        """Gather the clips of each window and give its groups their canonical order."""
        classes, clips = self.last.classes, self.last.clips
        tokens = state.tokens.unflatten(0, (-1, clips))
        patch_tokens = tokens[:, :, classes:].flatten(1, 2)  # [item, group, width]
        shift = torch.arange(0, self.groups, self.groups // clips, device=tokens.device)
        source = (state.source.unflatten(0, (-1, clips)) + shift[:, None]).flatten(1)
        source = source.unflatten(1, (self.frames, self.side, self.side))
        source, order = canonical(source, self.groups)
        return MergedVideo(
            patch_tokens.gather(1, order[..., None].expand_as(patch_tokens)),
            tokens[:, :, :classes].flatten(1, 2),
            group_sizes(source, self.groups),
            source,
        )
