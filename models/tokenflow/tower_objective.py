"""The semantic tower of a small TokenFlow learns a teacher's features, before anything has ids.

Ours: upstream starts from a tower that others have trained (CLIP, SigLIP).
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo.errors import CardError
from zoo.train.objective import Objective
from zoo.train.teacher import load_teacher
from zoo.train.teacher.augment import random_crops

from .config import TokenFlowConfig
from .model import TokenFlowModel
from .pixel_range import to_model

EACH = 64  # held-out pictures at a time


class TowerObjective(Objective):
    """One less the cosine between a linear map of the tower's features and the teacher's grid.

    Options: ``teacher``, a file of :mod:`zoo.train.teacher`; ``crop_area``, the least share of a
    picture that is cropped, scaled up and, half of the time, mirrored.
    """

    def __init__(
        self, model: TokenFlowModel, config: TokenFlowConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.teacher = load_teacher(options["teacher"])
        self.crop_area = float(options["crop_area"])
        if self.teacher.width != config.semantic_decoder.out:
            raise CardError(
                f"the teacher's features have {self.teacher.width} numbers, the semantic decoder "
                f"gives {config.semantic_decoder.out}; they must agree"
            )
        self.parts = nn.ModuleDict(
            {
                "tower": model.semantic_encoder.tower,
                "head": nn.Linear(config.tower.width, self.teacher.width),
            }
        )

    @property
    def trained(self) -> nn.Module:
        """The tower, and a linear map that only training has."""
        return self.parts

    def train(self, mode: bool = True) -> "TowerObjective":
        """As usual, but the teacher's statistics stay as they are."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> the loss."""
        size = batch.shape[-1]
        images = random_crops(batch.float() / 255, size, (self.crop_area, 1.0), random)
        return {"loss": 1 - self._likeness(images).mean()}

    @torch.no_grad()
    def validate(self, items: Tensor) -> dict[str, float]:
        """The mean cosine with the teacher's features, and with those of the next picture."""
        found, shuffled = [], []
        for chunk in items.split(EACH):
            images = chunk.to(self.device).float() / 255
            found.append(self._likeness(images))
            shuffled.append(self._likeness(images, images.roll(1, 0)))
        pairs = {"cosine": found, "shuffled_cosine": shuffled}
        return {name: float(torch.cat(each).mean()) for name, each in pairs.items()}

    def _likeness(self, images: Tensor, taught: Tensor | None = None) -> Tensor:
        """Cosines [b, places] of images in 0..1 with what the teacher says of ``taught``."""
        with torch.no_grad():
            wanted = self.teacher.grid(images if taught is None else taught).float()
        features = self.parts["head"](self.parts["tower"](to_model(images * 255)))
        return grid_cosine(features.float(), wanted).flatten(1)


def grid_cosine(features: Tensor, wanted: Tensor) -> Tensor:
    """Cosines [b, s, s] of features [b, g*g, d], averaged over cells, with wanted [b, d, s, s]."""
    side = math.isqrt(features.shape[1])
    grid = features.mT.unflatten(2, (side, side))
    cells = F.adaptive_avg_pool2d(grid, (wanted.shape[-2], wanted.shape[-1]))
    return F.cosine_similarity(cells, wanted, dim=1)
