"""The teacher's training objective: cross entropy with label smoothing on random crops."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..objective import Batches, Objective
from .augment import random_crops, random_light
from .network import Teacher, TeacherConfig


class Rows:
    """Numbers of rows in place of what stands in them, for an objective that needs labels too."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, rows: Tensor, /) -> Tensor:
        """The rows themselves."""
        return rows


class ClassObjective(Objective):
    """Options: ``size`` of crops in pixels, least ``area`` of them, ``light``, ``smoothing``,
    ``dropout`` of pooled features."""

    def __init__(
        self, model: Teacher, config: TeacherConfig, options: Mapping[str, Any], labels: Tensor
    ) -> None:
        super().__init__(model, config, options)
        self.model: Teacher
        self.labels = labels  # of training and then of validation pictures
        self.pictures_of: Batches | None = None
        self.size = int(options["size"])
        self.area = float(options["area"])
        self.light = float(options["light"])
        self.smoothing = float(options["smoothing"])
        self.dropout = float(options["dropout"])
        model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    @property
    def trained(self) -> nn.Module:
        """All of the teacher."""
        return self.model

    def source(self, items: Batches) -> Batches:
        """Row numbers: pictures and labels are both looked up by them."""
        self.pictures_of = items
        return Rows(len(items))

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Rows [b] -> loss."""
        assert self.pictures_of is not None
        rows = batch.cpu()
        pictures = self.pictures_of[rows].to(batch.device).float() / 255
        pictures = random_crops(pictures, self.size, (self.area, 1.0), random)
        pictures = random_light(pictures, self.light, random)
        raw = self.model.raw(pictures.contiguous(memory_format=torch.channels_last))
        kept = torch.rand(len(rows), raw.shape[1], 1, 1, generator=random) >= self.dropout
        logits = self.model.classify(raw * kept.to(raw) / (1 - self.dropout)).float()
        labels = self.labels[rows].to(logits.device)
        return {"loss": F.cross_entropy(logits, labels, label_smoothing=self.smoothing)}

    def validate(self, items: Tensor) -> dict[str, float]:
        """Share of held-out pictures [n, 3, h, w], uint8, that are named right."""
        labels = self.labels[-len(items) :]
        right = [
            self._logits(part).argmax(1).cpu() == truth
            for part, truth in zip(items.split(128), labels.split(128), strict=True)
        ]
        return {"accuracy": float(torch.cat(right).float().mean())}

    def finish(self, items: Batches) -> None:
        """Take the features' mean and deviation per channel over up to 2,000 pictures."""
        rows = torch.linspace(0, len(items) - 1, min(2000, len(items))).long()
        with torch.no_grad():
            raw = torch.cat([self.model.raw(self._given(items[part])) for part in rows.split(128)])
            self.model.mean.copy_(raw.mean((0, 2, 3)))
            self.model.deviation.copy_(raw.std((0, 2, 3)).clamp(min=1e-3))

    def _given(self, items: Tensor) -> Tensor:
        pictures = items.to(self.model.mean.device).float() / 255
        return pictures.contiguous(memory_format=torch.channels_last)

    def _logits(self, items: Tensor) -> Tensor:
        return self.model.classify(self.model.raw(self._given(items)))
