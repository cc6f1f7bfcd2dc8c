"""The pixel decoder alone learns on, once ids stay as they are: they are computed once.

Ours; upstream tunes its decoder with a discriminator (``objective.py``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from zoo.train.objective import Batches

from .config import TokenFlowConfig
from .lean_pictures import EACH, LeanPictures, log_error
from .model import TokenFlowModel
from .pixel_range import to_model

SMALL = torch.int16, 2**15  # how ids are kept, where the codebook has no more rows than that


@dataclass(frozen=True)
class Coded:
    """A batch of images [b, 3, h, w] uint8 and their ids [b, n]."""

    images: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def to(self, device: torch.device | str) -> "Coded":
        """Both on ``device``."""
        return Coded(self.images.to(device), self.ids.to(device))

    def chunk(self, parts: int) -> list["Coded"]:
        """As a tensor's."""
        pairs = zip(self.images.chunk(parts), self.ids.chunk(parts), strict=True)
        return [Coded(images, ids) for images, ids in pairs]


class CodedBank:
    """Items and their mirror images, which follow them, each with its ids."""

    def __init__(self, items: Batches, ids: Tensor) -> None:
        self._items = items
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, rows: Tensor) -> Any:
        images = self._items[rows % len(self._items)]
        turned = (rows >= len(self._items))[:, None, None, None]
        return Coded(torch.where(turned, images.flip(-1), images), self._ids[rows].long())


class LeanDecoderObjective(LeanPictures):
    """Mean PSNR of what the ids decode to; nothing but the pixel decoder moves.

    Option: ``prefix_share``, of steps that keep only the first scales.
    """

    def __init__(
        self, model: TokenFlowModel, config: TokenFlowConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        model.requires_grad_(False)
        model.pixel_decoder.requires_grad_(True)

    @property
    def trained(self) -> nn.Module:
        """The pixel decoder."""
        return self.model.pixel_decoder

    @torch.inference_mode()
    def source(self, items: Batches) -> CodedBank:
        """Items with their ids, computed here."""
        kept, most = SMALL
        dtype = kept if self.config.codebook_size <= most else torch.long
        ways: list[list[Tensor]] = [[], []]
        for rows in torch.arange(len(items)).split(EACH):
            images = items[rows].to(self.device)
            for way, turned in zip(ways, (images, images.flip(-1)), strict=True):
                way.append(self.ids(turned).to("cpu", dtype))
        return CodedBank(items, torch.cat([*ways[0], *ways[1]]))

    def forward(self, batch: Any, random: torch.Generator) -> dict[str, Tensor]:
        """Images and their ids -> the loss."""
        positions = self.config.positions(self.scales[-1])[len(self.kept(random)) - 1]
        latent = self.model.quantizer.grid(batch.ids[:, :positions], self.scales)
        made = self.model.pixels(latent).float()
        return {"loss": log_error(made, to_model(batch.images))}
