"""Training a small TokenFlow on a small machine: no discriminator, codes kept in use, a teacher.

Ours. Two things differ from upstream's recipe, which starts from a pretrained tower: the tower
learns from the teacher directly too, not only by way of the ids; and rows of the codebook that no
vector has chosen for a while are put where vectors are.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo.train.objective import Cell, Objective
from zoo.train.teacher import load_teacher

from .config import TokenFlowConfig
from .losses import quantizer_losses, semantic_loss
from .model import TokenFlowModel
from .pixel_range import psnr, to_model
from .revival import Revival

EACH = 32  # held-out pictures at a time


class LeanObjective(Objective):
    """Squared error of pixels, codebook, commitment, and a teacher's features from ids.

    Options: ``teacher`` (a file, see ``zoo.train.teacher``), ``pixel_weight``,
    ``semantic_weight``, ``direct_weight`` (of the teacher's features straight from the tower), ``commitment``,
    ``prefix_share`` (of steps that keep only the first scales, a random number of them),
    ``patience`` (steps after which an unused row is moved).
    """

    def __init__(
        self, model: TokenFlowModel, config: TokenFlowConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.model: TokenFlowModel
        self.config = config
        self.teacher = load_teacher(options["teacher"])
        self.pixel_weight = float(options["pixel_weight"])
        self.semantic_weight = float(options["semantic_weight"])
        self.direct_weight = float(options["direct_weight"])
        self.commitment = float(options["commitment"])
        self.prefix_share = float(options["prefix_share"])
        self.scales = config.schedule(config.grids[0])
        direct = nn.Linear(config.tower.width, config.semantic_decoder.out)
        revival = Revival(config.codebook_size, int(options["patience"]))
        self.parts = nn.ModuleDict({"model": model, "direct": direct, "revival": revival})

    @property
    def trained(self) -> nn.Module:
        """The model, the tower's own way to the teacher's features, and how long rows lie idle."""
        return self.parts

    def train(self, mode: bool = True) -> "LeanObjective":
        """As usual, but the teacher stays as it is."""
        super().train(mode)
        self.teacher.eval()
        return self

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        batch = _mirrored(batch, random)
        images, model = to_model(batch), self.model
        tower = model.semantic_encoder.tower(images)
        semantic = model.semantic_encoder.project(tower)
        pixel = model.pixel_encoder(images, semantic.shape[-1])
        features = torch.cat([semantic.float(), pixel.float()], 1)
        steps = list(model.quantizer.steps(features, self._kept(random)))
        latent = torch.stack([step.spread for step in steps]).sum(0)
        found = quantizer_losses(steps, model.quantizer.table(), beta=self.commitment)
        target = self._target(batch)
        terms = {
            "pixel": self.pixel_weight * F.mse_loss(model.pixels(latent).float(), images),
            "codebook": found.codebook,
            "commitment": found.commitment,
            "semantic": self.semantic_weight
            * semantic_loss(model.semantic(latent).float(), target),
            "direct": self.direct_weight
            * semantic_loss(self.parts["direct"](tower).float(), target),
        }
        if self.training:
            self.parts["revival"](model.quantizer, steps, random)
        return {"loss": torch.stack(list(terms.values())).sum(), **terms}

    def _kept(self, random: torch.Generator) -> tuple[int, ...]:
        """All scales, or the first few."""
        if torch.rand((), generator=random) >= self.prefix_share:
            return self.scales
        return self.scales[: int(torch.randint(1, len(self.scales), (), generator=random))]

    @torch.no_grad()
    def _target(self, batch: Tensor) -> Tensor:
        """The teacher's features at the places of the finest grid, [b, g*g, out]."""
        grid = self.teacher.grid(batch.float() / 255).float()
        side = self.scales[-1]
        spread = F.interpolate(grid, (side, side), mode="bilinear", align_corners=False)
        return spread.flatten(2).transpose(1, 2)

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean PSNR in dB with 1, 2, ... scales, the share of rows in use, cosine to the teacher."""
        found: dict[str, list[Tensor]] = {}
        used = torch.zeros(self.config.codebook_size, dtype=torch.bool)
        for chunk in items.split(EACH):
            ids = self._ids(chunk)
            used[ids.flatten()] = True
            for count in range(1, len(self.scales) + 1):
                decoded = self._decoded(ids, count)
                found.setdefault(f"psnr_{count}_scales", []).append(psnr(decoded, chunk))
            latent = self.model.quantizer.grid(ids, self.scales)
            likeness = 1 - semantic_loss(self.model.semantic(latent).float(), self._target(chunk))
            found.setdefault("cosine_to_teacher", []).append(likeness.expand(len(chunk)).double())
        figures = {name: float(torch.cat(each).mean()) for name, each in found.items()}
        return figures | {"used": float(used.float().mean())}

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Originals, and reconstructions from the first scales."""
        chosen = items[:8]
        ids = self._ids(chosen)
        rows: list[list[Cell]] = [[(item.float() / 255, "original")] for item in chosen]
        for count in range(1, len(self.scales) + 1):
            for row, image in zip(rows, self._decoded(ids, count), strict=True):
                row.append(((image.clamp(-1, 1) + 1) / 2, f"{count} scales"))
        return rows

    def _ids(self, items: Tensor) -> Tensor:
        return self.model.quantizer.encode(self.model.features(to_model(items)), self.scales)

    def _decoded(self, ids: Tensor, count: int) -> Tensor:
        positions = self.config.positions(self.scales[-1])[count - 1]
        latent = self.model.quantizer.grid(ids[:, :positions], self.scales)
        return self.model.pixels(latent).float()


def _mirrored(batch: Tensor, random: torch.Generator) -> Tensor:
    """Every second picture, by lot, from right to left."""
    turned = torch.rand(len(batch), generator=random) < 0.5
    return torch.where(turned[:, None, None, None].to(batch.device), batch.flip(-1), batch)
