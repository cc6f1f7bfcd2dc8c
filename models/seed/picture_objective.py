"""A small SEED trained as a whole: ids that rebuild the picture and a teacher's features of it.

Upstream trains in two stages and paints with a network it did not train (``objective.py``).
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from zoo.errors import CardError
from zoo.train.objective import Batches, Cell, Objective
from zoo.train.teacher import load_teacher
from zoo.train.teacher.augment import random_crops

from ..layers.moving_codebook import Averages
from .augment import normalised, pixels
from .config import SeedConfig
from .model import SeedModel
from .quantizer import Codebook
from .starts import local_start

LOSSES = ("pixels", "features", "embedding", "last", "commitment", "offset", "spread")


class CodebookFollower(Averages):
    """Quantises while the codebook follows the vectors."""

    def __init__(self, codebook: Codebook, decay: float, least: float) -> None:
        super().__init__(codebook.rows, decay, least)

    @torch.no_grad()
    def forward(self, codebook: Codebook, vectors: Tensor, random: torch.Generator) -> Tensor:
        """Vectors [b, n, dims] -> their rows, fp32; the rows move on afterwards."""
        ids = codebook.ids(vectors)
        rows = codebook.vectors(ids)
        if self.training:
            self.move(codebook.rows, vectors.flatten(0, 1), ids.flatten(), random)
        return rows


class PictureObjective(Objective):
    """All parts together, with a teacher that is frozen.

    Options: ``teacher``, a file of :mod:`zoo.train.teacher`; ``weights`` of the losses ``pixels``
    (squared error), ``features`` (of the teacher's grids, for the first half of a batch: it costs
    most), ``embedding`` and ``last`` (squared error to the teacher's pooled features, from the
    decoder and from the last query), ``commitment`` to the codebook, ``offset`` (of each query's
    vectors from zero, over the batch: all queries shall share the codebook) and ``spread`` (of
    their covariance from the identity: all dimensions shall say something); ``quantized``: false
    to begin with vectors as they are; ``crop_share`` of the pictures that are cropped, to ``crop_area`` of them at
    least; ``codebook_decay`` and ``codebook_least`` of :class:`CodebookFollower`.
    """

    def __init__(self, model: SeedModel, config: SeedConfig, options: Mapping[str, Any]) -> None:
        super().__init__(model, config, options)
        self.model: SeedModel
        self.config = config
        self.weights = {name: float(options["weights"][name]) for name in LOSSES}
        self.quantized = bool(options["quantized"])
        self.crop_share = float(options["crop_share"])
        self.crop_area = float(options["crop_area"])
        self.teacher = load_teacher(options["teacher"])
        if self.teacher.width != config.decoder.embedding or model.picture is None:
            raise CardError(
                f"the teacher's features have {self.teacher.width} numbers, the image embedding "
                f"{config.decoder.embedding}; they must agree, and a picture decoder must be there"
            )
        for part in (self.teacher, model.picture):  # faster convolutions
            part.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.follower = CodebookFollower(
            model.quantizer, float(options["codebook_decay"]), float(options["codebook_least"])
        )
        model.quantizer.requires_grad_(False)
        self.last = nn.Linear(config.qformer.width, self.teacher.width)
        self.parts = nn.ModuleList([model, self.follower, self.last])

    @property
    def trained(self) -> nn.Module:
        """The model, the averages its codebook follows, and a projection that only training has."""
        return self.parts

    def train(self, mode: bool = True) -> "PictureObjective":
        """As usual, but the teacher's statistics stay as they are."""
        super().train(mode)
        self.teacher.eval()
        return self

    def begin(self, items: Batches) -> None:
        """Networks that learn at once; or the codebook, from vectors of pictures, once they have."""
        size, random = self.config.codebook[0], torch.Generator().manual_seed(0)
        if not self.quantized:
            local_start(self.model, random)
            return
        rows = torch.randint(len(items), (1 + size // 8,), generator=random)
        with torch.no_grad():
            found = [self.model.encoder(normalised(items[part])) for part in rows.split(64)]
        vectors = torch.cat(found).flatten(0, 1)
        chosen = torch.randint(len(vectors), (size,), generator=random)
        with torch.no_grad():
            self.model.quantizer.rows.copy_(vectors[chosen])
        self.follower.restart(vectors[chosen])

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        with sdpa_kernel(SDPBackend.MATH):  # on CPUs the fused one is slow for short sequences
            return self._losses(batch, random)

    def _losses(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        images = self._views(batch, random)
        with torch.no_grad():
            wanted = self.teacher.grid(images).float()
        model, inputs, half = self.model, normalised(images), (len(images) + 1) // 2
        queries = model.encoder.queries(inputs)
        vectors = model.encoder.head(queries).float()
        with torch.autocast(batch.device.type, enabled=False):
            rows = self._rows(vectors.detach(), random)
        tokens = model.decoder.tokens(vectors + (rows - vectors).detach())
        assert model.picture is not None
        made, target = model.picture(tokens).float(), wanted.mean((2, 3))
        losses = {
            "pixels": F.mse_loss(made, inputs),
            "features": F.mse_loss(self.teacher.grid(pixels(made[:half])).float(), wanted[:half]),
            "embedding": F.mse_loss(model.decoder.head(tokens).float(), target),
            "last": F.mse_loss(self.last(queries[:, -1]).float(), target),
            "commitment": F.mse_loss(vectors, rows),
            "offset": vectors.mean(0).square().mean(),
            "spread": _spread(vectors.flatten(0, 1)),
        }
        total = sum(self.weights[name] * loss for name, loss in losses.items())
        return {"loss": torch.as_tensor(total), **losses}

    def _rows(self, vectors: Tensor, random: torch.Generator) -> Tensor:
        if not self.quantized:
            return vectors
        return self.follower(self.model.quantizer, vectors, random)

    @torch.no_grad()
    def validate(self, items: Tensor) -> dict[str, float]:
        """How near pictures are to their originals, in pixels and to the teacher, and ids in use.

        ``agreement``: share of pictures that the teacher gives the same class as the original.
        ``shuffled_*``: the same figure against the original of the next picture, for comparison.
        """
        ids, made, embedding = (
            torch.cat(parts) for parts in zip(*map(self._rebuild, items.split(64)), strict=True)
        )
        originals = items.to(made.device).float() / 255
        features, wanted = (self._features(images) for images in (made, originals))
        figures = {"embedding_cosine": _cosine(embedding, wanted[0])}
        if self.quantized:
            figures["used"] = len(ids.unique()) / self.config.codebook[0]
        for name, turn in {"": 0, "shuffled_": 1}.items():
            pooled, classes, pictures = (x.roll(turn, 0) for x in (*wanted, originals))
            error = (made - pictures).square().flatten(1).mean(1)
            figures[f"{name}psnr"] = float((-10 * error.log10()).mean())
            figures[f"{name}cosine"] = _cosine(features[0], pooled)
            figures[f"{name}agreement"] = float((features[1] == classes).float().mean())
        return figures

    def pictures(self, items: Tensor) -> list[list[Cell]]:
        """Originals and what their ids give."""
        made = self._rebuild(items[:16])[1].cpu()
        pairs = zip(items.float() / 255, made, strict=False)
        name = f"{self.config.queries} {'ids' if self.quantized else 'vectors'}"
        cells = [((a, "original"), (b, name)) for a, b in pairs]
        return [
            [cell for pair in cells[i : i + 2] for cell in pair] for i in range(0, len(cells), 2)
        ]

    def _views(self, batch: Tensor, random: torch.Generator) -> Tensor:
        """uint8 -> 0..1; half of them mirrored, some of them crops scaled up."""
        images = batch.float() / 255
        mirrored = torch.rand(len(images), generator=random).to(images.device) < 0.5
        cropped = torch.rand(len(images), generator=random).to(images.device) < self.crop_share
        crops = random_crops(images, images.shape[-1], (self.crop_area, 1.0), random)
        images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
        return torch.where(cropped[:, None, None, None], crops, images)

    def _rebuild(self, items: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """uint8 images -> ids, pictures in 0..1 and embeddings."""
        model = self.model
        assert model.picture is not None
        vectors = model.encoder(normalised(items.to(model.quantizer.rows.device)))
        ids = model.quantizer.ids(vectors)
        tokens = model.decoder.tokens(model.quantizer.vectors(ids) if self.quantized else vectors)
        return ids, pixels(model.picture(tokens)).clamp(0, 1), model.decoder.head(tokens)

    def _features(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The teacher's pooled features [n, width] and classes [n]."""
        parts = images.split(64)
        pooled = torch.cat([self.teacher.pooled(part) for part in parts])
        logits = torch.cat([self.teacher.classify(self.teacher.raw(part)) for part in parts])
        return pooled, logits.argmax(1)


def _spread(vectors: Tensor) -> Tensor:
    """How far the covariance of vectors [n, dims] about zero is from the identity."""
    covariance = vectors.T @ vectors / len(vectors)
    return (covariance - torch.eye(len(covariance), device=vectors.device)).square().sum(1).mean()


def _cosine(a: Tensor, b: Tensor) -> float:
    return float(F.cosine_similarity(a, b, dim=-1).mean())
