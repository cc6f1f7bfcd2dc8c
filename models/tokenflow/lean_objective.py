"""Training a small TokenFlow on a small machine: no discriminator, a codebook that follows.

Ours. Upstream starts from a tower that others have trained; here the stage before has taught it
(``tower_objective.py``), closed forms make semantic codes of its features (``starts.py``), and all
this stays as it is. Closed forms give the rest a good start too, and the codebook moves by
averages instead of gradients.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo.train.objective import Batches
from zoo.train.teacher import load_teacher

from .config import TokenFlowConfig
from .follower import Follower
from .lean_pictures import EACH, LeanPictures, log_error, mirrored
from .losses import quantizer_losses
from .model import TokenFlowModel
from .pixel_range import to_model
from .starts import codebook_start, pixel_start, semantic_start
from .tower_objective import grid_cosine

START = 1000  # pictures that the start is computed from
NUMBERS = (
    *("pixel_weight", "semantic_weight", "commitment"),  # of the losses
    *("decay", "least"),  # of the follower
    *("pixel_tilt", "semantic_tilt", "rounds"),  # of the start
)


class LeanObjective(LeanPictures):
    """Mean PSNR of the pictures, commitment, and a teacher's features from the ids.

    Options: ``teacher`` (a file, see :mod:`zoo.train.teacher`), ``pixel_weight``,
    ``semantic_weight``, ``commitment``, ``prefix_share`` (of steps that keep only the first
    scales, a random number of them), ``decay`` and ``least`` of :class:`Follower`, and for the
    start ``pixel_tilt`` and ``semantic_tilt`` (see ``starts.py``) and ``rounds`` of k-means.
    """

    def __init__(
        self, model: TokenFlowModel, config: TokenFlowConfig, options: Mapping[str, Any]
    ) -> None:
        super().__init__(model, config, options)
        self.options = {name: float(options[name]) for name in NUMBERS}
        self.teacher = load_teacher(options["teacher"])
        # What makes the small tilts of the start: one step of Adam would turn them over.
        for still in (model.semantic_encoder, model.pixel_encoder.linear, model.quantizer):
            still.requires_grad_(False)
        self.follower = Follower(model.quantizer, self.options["decay"], self.options["least"])
        self.parts = nn.ModuleDict({"model": model, "follower": self.follower})

    @property
    def trained(self) -> nn.Module:
        """The model but for its semantic encoder, and the averages that its codebook follows."""
        return self.parts

    def train(self, mode: bool = True) -> "LeanObjective":
        """As usual, but the teacher stays as it is."""
        super().train(mode)
        self.teacher.eval()
        return self

    @torch.no_grad()
    def begin(self, items: Batches) -> None:
        """Patches, the teacher's features and k-means, all in closed form (``starts.py``)."""
        model, scales, random = self.model, self.scales, torch.Generator().manual_seed(0)
        images = items[torch.arange(min(START, len(items)))]
        chunks = to_model(images).split(EACH)
        pixel_start(
            model.pixel_encoder,
            model.pixel_decoder,
            torch.cat(chunks),
            len(scales),
            self.options["pixel_tilt"],
            random,
        )
        tower = torch.cat([model.semantic_encoder.tower(chunk) for chunk in chunks])
        taught = torch.cat([self._target(chunk) for chunk in images.split(EACH)])
        places = F.interpolate(taught, (scales[-1],) * 2, mode="bilinear")
        semantic_start(
            model.semantic_encoder,
            model.semantic_decoder,
            tower.flatten(0, 1),
            places.flatten(2).mT.flatten(0, 1),
            len(scales),
            self.options["semantic_tilt"],
            random,
        )
        features = torch.cat([model.features(chunk) for chunk in chunks])
        codebook_start(model.quantizer, features, scales, int(self.options["rounds"]), random)
        self.follower.restart(model.quantizer.table())

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        batch = mirrored(batch, random)
        images, model, weight = to_model(batch), self.model, self.options
        with torch.no_grad():
            semantic = model.semantic_encoder(images)
        pixel = model.pixel_encoder(images, semantic.shape[-1])
        features = torch.cat([semantic.float(), pixel.float()], 1)
        scales = self.kept(random)
        steps = list(model.quantizer.steps(features, scales))
        latent = torch.stack([step.spread for step in steps]).sum(0)
        found = quantizer_losses(steps, model.quantizer.table(), beta=weight["commitment"])
        predicted = model.semantic(latent).float()
        terms = {
            "pixel": weight["pixel_weight"] * log_error(model.pixels(latent).float(), images),
            "commitment": found.commitment,
            "semantic": weight["semantic_weight"]
            * (1 - grid_cosine(predicted, self._target(batch))).mean(),
        }
        if self.training:  # the few vectors of a prefix tell too little
            self.follower(model.quantizer, steps if scales == self.scales else [], random)
        return {"loss": torch.stack(list(terms.values())).sum(), **terms}

    @torch.no_grad()
    def _target(self, batch: Tensor) -> Tensor:
        """The teacher's features of images [b, 3, h, w] uint8: [b, out, s, s]."""
        return self.teacher.grid(batch.float() / 255).float()

    def judged(self, ids: Tensor, images: Tensor) -> dict[str, Tensor]:
        """Of each picture: PSNR by scales, and how near the features of its ids are the teacher's."""
        latent = self.model.quantizer.grid(ids, self.scales)
        cosine = grid_cosine(self.model.semantic(latent).float(), self._target(images))
        found = super().judged(ids, images)
        return found | {"cosine_to_teacher": cosine.mean((1, 2)).double()}
