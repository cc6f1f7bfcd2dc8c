"""First stage: merges that lose little."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from .appearance import to_patches
from .appearance_codec import GREY
from .config import TempMeConfig
from .matching_loss import matching_losses
from .model import TempMeModel
from .video_objective import EACH, VideoObjective, window_psnr


class MatchingObjective(VideoObjective):
    """Teaches what is alike: tokens whose patches can be one with the least squared error."""

    def __init__(
        self, model: TempMeModel, config: TempMeConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.temperature = float(options["temperature"])

    @property
    def trained(self) -> nn.Module:
        """The trunk."""
        return self.model.encoder

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Windows [b, frames, 3, h, w] uint8 -> loss."""
        frames = batch.float() / 255
        patches = to_patches(frames - GREY, self.config.trunk.patch)
        with sdpa_kernel(SDPBackend.MATH):  # much faster than the fused one at these sizes
            losses = matching_losses(
                self.model.encoder, self.normalized(frames), patches, self.temperature
            )
        return {"loss": torch.stack(losses).mean()}

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean PSNR in dB of the groups' mean patches: what merging alone loses."""
        found = []
        for chunk in items.split(EACH):
            frames = chunk.to(self.device).float() / 255
            found.append(window_psnr(self.floor(frames, self.merged(frames)), frames))
        return {"psnr_group_means": float(torch.cat(found).mean())}
