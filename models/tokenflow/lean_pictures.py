"""What the stages of training a small TokenFlow share: its loss of pixels, and how it is judged."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from zoo.train.objective import Cell, Objective

from .config import TokenFlowConfig
from .model import TokenFlowModel
from .pixel_range import psnr, to_model

EACH = 32  # held-out pictures at a time
EXACT = 1e-4  # mean squared error that no picture need fall below: 46 dB


class LeanPictures(Objective):
    """Judges ids and what each number of scales decodes to.

    Option: ``prefix_share``, of steps that keep only the first scales, a random number of them.
    """

    def __init__(
        self, model: TokenFlowModel, config: TokenFlowConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.model: TokenFlowModel
        self.config = config
        self.prefix_share = float(options["prefix_share"])
        self.scales = config.schedule(config.grids[0])

    def kept(self, random: torch.Generator) -> tuple[int, ...]:
        """All scales, or the first few."""
        if torch.rand((), generator=random) >= self.prefix_share:
            return self.scales
        return self.scales[: int(torch.randint(1, len(self.scales), (), generator=random))]

    def validate(self, items: Tensor) -> dict[str, float]:
        """Means over pictures of what ``judged`` says, and the share of rows in use."""
        found: dict[str, list[Tensor]] = {}
        used = torch.zeros(self.config.codebook_size, dtype=torch.bool, device=self.device)
        for chunk in items.to(self.device).split(EACH):
            ids = self.ids(chunk)
            used[ids.flatten()] = True
            for name, values in self.judged(ids, chunk).items():
                found.setdefault(name, []).append(values)
        figures = {name: float(torch.cat(each).mean()) for name, each in found.items()}
        return figures | {"used": float(used.float().mean())}

    def judged(self, ids: Tensor, images: Tensor) -> dict[str, Tensor]:
        """PSNR in dB of each picture with 1, 2, ... scales."""
        counts = range(1, len(self.scales) + 1)
        return {f"psnr_{k}_scales": psnr(self._decoded(ids, k), images) for k in counts}

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Originals, and reconstructions from the first scales."""
        chosen = items[:8].to(self.device)
        ids = self.ids(chosen)
        rows: list[list[Cell]] = [[(item.float() / 255, "original")] for item in chosen]
        for count in range(1, len(self.scales) + 1):
            for row, image in zip(rows, self._decoded(ids, count), strict=True):
                row.append(((image.clamp(-1, 1) + 1) / 2, f"{count} scales"))
        return rows

    def ids(self, images: Tensor) -> Tensor:
        """Images [b, 3, h, w] uint8 -> ids [b, n]."""
        return self.model.quantizer.encode(self.model.features(to_model(images)), self.scales)

    def _decoded(self, ids: Tensor, count: int) -> Tensor:
        positions = self.config.positions(self.scales[-1])[count - 1]
        latent = self.model.quantizer.grid(ids[:, :positions], self.scales)
        return self.model.pixels(latent).float()


def log_error(decoded: Tensor, images: Tensor) -> Tensor:
    """Mean log of each picture's squared error, [b, 3, h, w] in -1..1: less where PSNR is more.

    The mean squared error of a batch is mostly that of its hard pictures; here each counts alike.
    """
    return ((decoded - images).square().flatten(1).mean(1) + EXACT).log().mean()


def mirrored(batch: Tensor, random: torch.Generator) -> Tensor:
    """Every second picture, by lot, from right to left."""
    turned = torch.rand(len(batch), generator=random) < 0.5
    return torch.where(turned[:, None, None, None].to(batch.device), batch.flip(-1), batch)
