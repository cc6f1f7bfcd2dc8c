"""Training objectives: all of a TokenFlow together, or the pixel decoder alone.

Source: upstream ``vq_train.py`` and ``vq_loss.py`` (ByteFlow-AI/TokenFlow 9812da0).

Generator and discriminator are updated in one step: the generator's term sees the
discriminator's weights as constants, the discriminator's term sees the images as constants. That
is upstream's order too, whose second update uses images made before the first.
"""

import copy
from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from zoo.errors import CardError
from zoo.train.objective import Cell, Objective

from .config import TokenFlowConfig
from .discriminator import PatchDiscriminator
from .lean_decoder import LeanDecoderObjective
from .lean_objective import LeanObjective
from .losses import (
    drop_scale,
    hinge_discriminator_loss,
    hinge_generator_loss,
    quantizer_losses,
    semantic_loss,
)
from .model import TokenFlowModel
from .pixel_range import psnr, to_model
from .tower_objective import TowerObjective

Perceptual = Callable[[Tensor, Tensor], Tensor]
"""Two image batches about -1..1 -> distances, of any shape: an LPIPS with its weights, say."""


class PixelLosses(nn.Module):
    """What decoded pixels are judged by: squared error, a perceptual distance, a discriminator.

    A weight of 0 leaves a term out; the perceptual one needs its network passed in.
    """

    def __init__(self, options: Mapping[str, Any], perceptual: Perceptual | None) -> None:
        super().__init__()
        self.pixel_weight = float(options["pixel_weight"])
        self.perceptual_weight = float(options["perceptual_weight"])
        self.adversarial_weight = float(options["adversarial_weight"])
        if self.perceptual_weight and perceptual is None:
            raise CardError(
                f"perceptual_weight={self.perceptual_weight:g} needs a perceptual network with its "
                "weights: pass perceptual=lpips, or set the weight to 0"
            )
        if isinstance(perceptual, nn.Module):
            perceptual.requires_grad_(False)
        self.perceptual = perceptual
        self.discriminator = PatchDiscriminator() if self.adversarial_weight else None

    @property
    def trained(self) -> list[nn.Module]:
        """What learns along with the model."""
        return [] if self.discriminator is None else [self.discriminator]

    def train(self, mode: bool = True) -> "PixelLosses":
        """As usual, but the perceptual network stays as it is used: without dropout."""
        super().train(mode)
        if isinstance(self.perceptual, nn.Module):
            self.perceptual.eval()
        return self

    def forward(self, decoded: Tensor, images: Tensor) -> dict[str, Tensor]:
        """Weighted terms of decoded [b, 3, h, w] and original images, both about -1..1."""
        if decoded.shape != images.shape:  # a checkpoint that resizes what it decodes
            images = F.interpolate(images, decoded.shape[-2:], mode="bicubic")
        terms = {"pixel": self.pixel_weight * F.mse_loss(decoded.float(), images)}
        if self.perceptual_weight and self.perceptual is not None:
            distance = self.perceptual(decoded, images).mean()
            terms["perceptual"] = self.perceptual_weight * distance
        if self.discriminator is not None:
            judge = self.discriminator
            constant = {name: weight.detach() for name, weight in judge.named_parameters()}
            fooled = hinge_generator_loss(functional_call(judge, constant, (decoded,)))
            terms["generator"] = self.adversarial_weight * fooled
            terms["discriminator"] = self.adversarial_weight * hinge_discriminator_loss(
                judge(images), judge(decoded.detach())
            )
        return terms


class JointObjective(Objective):
    """Everything: pixels, quantiser, and a teacher's features from the ids.

    Options: the three weights of :class:`PixelLosses`, ``semantic_weight``, ``commitment``
    (upstream's script: 0.25), ``entropy_weight`` (0) and ``drop_share`` (0.1), how often a scale
    is left out. ``teacher`` maps images in -1..1 to features [b, g*g, out]; without one it is the
    tower as it is at the start, which is what upstream does for SigLIP.
    """

    def __init__(
        self,
        model: TokenFlowModel,
        config: TokenFlowConfig,
        options: Mapping[str, Any],
        *,
        teacher: nn.Module | None = None,
        perceptual: Perceptual | None = None,
    ) -> None:
        super().__init__(model, config, options)
        self.model: TokenFlowModel
        self.config = config
        self.judges = PixelLosses(options, perceptual)
        self.semantic_weight = float(options["semantic_weight"])
        self.commitment = float(options["commitment"])
        self.entropy_weight = float(options["entropy_weight"])
        self.drop_share = float(options["drop_share"])
        if teacher is None and self.semantic_weight:
            if config.semantic_decoder.out != config.tower.width:
                raise CardError(
                    f"the teacher's features have {config.semantic_decoder.out} numbers, the "
                    f"tower's {config.tower.width}: pass teacher=..., or set semantic_weight to 0"
                )
            teacher = copy.deepcopy(model.semantic_encoder.tower)
        self.teacher = None if teacher is None else teacher.requires_grad_(False)
        self.parts = nn.ModuleList([model, *self.judges.trained])

    def train(self, mode: bool = True) -> "JointObjective":
        """As usual, but the teacher stays as it is."""
        super().train(mode)
        if self.teacher is not None:
            self.teacher.eval()
        return self

    @property
    def trained(self) -> nn.Module:
        """The model, and the discriminator where there is one."""
        return self.parts

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        images = to_model(batch)
        features = self.model.features(images)
        scales = self.config.schedule(features.shape[-1])
        scales = drop_scale(scales, self.drop_share, random)
        quantizer = self.model.quantizer
        steps = list(quantizer.steps(features, scales))
        latent = torch.stack([step.spread for step in steps]).sum(0)
        terms = self.judges(self.model.pixels(latent), images)
        found = quantizer_losses(
            steps, quantizer.table(), beta=self.commitment, entropy=self.entropy_weight
        )
        terms |= {"codebook": found.codebook, "commitment": found.commitment}
        if self.entropy_weight:
            terms["entropy"] = found.entropy
        if self.teacher is not None and self.semantic_weight:
            with torch.no_grad():
                target = self.teacher(images)
            distance = semantic_loss(self.model.semantic(latent).float(), target.float())
            terms["semantic"] = self.semantic_weight * distance
        return {"loss": torch.stack(list(terms.values())).sum(), **terms}

    def validate(self, items: Tensor) -> dict[str, float]:
        """Mean PSNR in dB, and how many of the ids are in use."""
        errors, used = [], set()
        for chunk in items.split(16):
            ids, decoded = self._rebuild(chunk)
            used.update(ids.flatten().tolist())
            errors.append(psnr(decoded, chunk))
        mean = float(torch.cat(errors).mean())
        return {"psnr": mean, "used": len(used) / self.config.codebook_size}

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Originals, and reconstructions from all scales."""
        _, decoded = self._rebuild(items[:8])
        rebuilt = (decoded.clamp(-1, 1) + 1) / 2
        return [
            [(items[i].float() / 255, "original"), (rebuilt[i], "all scales")]
            for i in range(len(rebuilt))
        ]

    def _rebuild(self, items: Tensor) -> tuple[Tensor, Tensor]:
        device = self.model.quantizer.semantic.device
        features = self.model.features(to_model(items.to(device)))
        scales = self.config.schedule(features.shape[-1])
        ids = self.model.quantizer.encode(features, scales)
        return ids.cpu(), self.model.pixels(self.model.quantizer.grid(ids, scales)).float().cpu()


class DecoderObjective(JointObjective):
    """The convolutional pixel decoder alone: ids and what they mean stay as they are."""

    def __init__(
        self,
        model: TokenFlowModel,
        config: TokenFlowConfig,
        options: Mapping[str, Any],
        *,
        perceptual: Perceptual | None = None,
    ) -> None:
        unused = {"semantic_weight": 0, "commitment": 0, "entropy_weight": 0, "drop_share": 0}
        asked = ChainMap(unused, cast(dict[str, Any], options))  # reads on request alone
        super().__init__(model, config, asked, perceptual=perceptual)
        model.requires_grad_(False)
        model.pixel_decoder.network.requires_grad_(True)
        self.parts = nn.ModuleList([model.pixel_decoder.network, *self.judges.trained])

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        images = to_model(batch)
        with torch.no_grad():
            features = self.model.features(images)
            steps = self.model.quantizer.steps(features, self.config.schedule(features.shape[-1]))
            latent = torch.stack([step.spread for step in steps]).sum(0)
        terms = self.judges(self.model.pixels(latent), images)
        return {"loss": torch.stack(list(terms.values())).sum(), **terms}


OBJECTIVES: dict[str, type[Objective]] = {
    "joint": JointObjective,
    "decoder": DecoderObjective,
    "tower": TowerObjective,
    "lean": LeanObjective,
    "lean_decoder": LeanDecoderObjective,
}
