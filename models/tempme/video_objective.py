"""What the stages of training share: windows to draw from, the range of pixels, the floor."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from zoo.train.clips import Windows
from zoo.train.objective import Batches, Objective

from .appearance_codec import mean_frames
from .config import TempMeConfig
from .encoder import MergedVideo
from .model import TempMeModel

EACH = 8  # held-out windows at a time


class VideoObjective(Objective):
    """A stage that sees windows [item, frames, 3, height, width] of videos."""

    def __init__(
        self, model: TempMeModel, config: TempMeConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.model: TempMeModel
        self.config = config
        slowest, fastest = options["speeds"]
        self.speeds = (float(slowest), float(fastest))
        self.mean, self.std = float(options["mean"]), float(options["std"])

    def source(self, items: Batches) -> Batches:
        """Windows at random places and paces, mirrored as often as not."""
        assert isinstance(items, Windows)
        return items.paced(*self.speeds)

    def normalized(self, frames: Tensor) -> Tensor:
        """Frames in 0..1 as the trunk wants them."""
        return (frames - self.mean) / self.std

    def floor(self, frames: Tensor, video: MergedVideo) -> Tensor:
        """Frames from each group's own mean patch."""
        groups = self.model.encoder.groups
        return mean_frames(frames, video.source, groups, self.config.trunk.patch)

    def merged(self, frames: Tensor) -> MergedVideo:
        """Frames in 0..1 through the trunk."""
        return self.model.encoder(self.normalized(frames))


def window_psnr(decoded: Tensor, frames: Tensor) -> Tensor:
    """PSNR in dB of each window [item, frame, 3, h, w], values in 0..1."""
    error = (decoded.float().clamp(0, 1) - frames).square().flatten(1).mean(1)
    return -10 * error.double().log10()
