"""Training objectives: first the causal Q-Former, then codebook and decoder on top of it.

Source: Ge et al. 2023, arXiv 2310.01218, section 3; weights of the losses from AILab-CVC/SEED
93b3cf4 (see README.md). The vision transformer is frozen in both stages.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zoo.errors import NotSupportedError
from zoo.train.objective import Batches, Objective

from .augment import normalised, random_views
from .config import SeedConfig
from .decoder import Blocks
from .model import SeedModel
from .picture_objective import PictureObjective
from .text import Captioned, Contrast

Teacher = Callable[[Tensor], Tensor]  # normalised images -> image embeddings


class CausalObjective(Objective):
    """Stage 1: the last query's output and the caption find each other in the batch.

    Options: ``words`` (vocabulary of the captions), ``shared_width``, ``temperature`` to start
    with, ``smoothing`` of the labels.
    """

    def __init__(self, model: SeedModel, config: SeedConfig, options: Mapping[str, Any]) -> None:
        super().__init__(model, config, options)
        self.model: SeedModel
        model.requires_grad_(False)
        encoder = model.encoder
        contrast = Contrast(
            config.qformer,
            words=int(options["words"]),
            shared=int(options.get("shared_width", 256)),
            temperature=float(options.get("temperature", 0.07)),
        )
        self.contrast = contrast
        self.smoothing = float(options.get("smoothing", 0.1))
        self.parts = nn.ModuleList([encoder.norm, encoder.qformer, contrast]).requires_grad_(True)

    @property
    def trained(self) -> nn.Module:
        """Norm of the image tokens, Q-Former, text branch and projections."""
        return self.parts

    def source(self, items: Batches) -> Batches:
        """Pairs of images and captions; images alone cannot train this stage."""
        if not isinstance(items[torch.zeros(1, dtype=torch.long)], Captioned):
            raise NotSupportedError(
                "stage 1 of SEED learns from captions: pass a bank whose batches are "
                "zoo.models.seed.text.Captioned, or start with stage 2"
            )
        return items

    def forward(self, batch: Any, random: torch.Generator) -> dict[str, Tensor]:
        """Captioned images -> loss."""
        return {"loss": self.loss(random_views(batch.images, random), batch.words)}

    def loss(self, images: Tensor, words: Tensor) -> Tensor:
        """Cross-entropy from images to captions and back, averaged."""
        scores = self.scores(images, words)
        target = torch.arange(len(scores), device=scores.device)
        both = [
            F.cross_entropy(way, target, label_smoothing=self.smoothing)
            for way in (scores, scores.T)
        ]
        return (both[0] + both[1]) / 2

    def scores(self, images: Tensor, words: Tensor) -> Tensor:
        """Similarity of image i and caption j, over the temperature: [b, b]."""
        encoder = self.model.encoder
        with torch.no_grad():
            tokens = encoder.vit(normalised(images))
        queries = encoder.qformer(encoder.norm(tokens))
        return self.contrast(queries[:, -1], encoder.qformer, words)

    @torch.no_grad()
    def validate(self, items: Any) -> dict[str, float]:
        """Share of images whose own caption is the nearest."""
        items = items.to(self.device)
        scores = self.scores(items.images, items.words)
        hits = scores.argmax(1) == torch.arange(len(scores), device=scores.device)
        return {"accuracy": float(hits.float().mean())}


class CodebookObjective(Objective):
    """Stage 2: ids that rebuild the Q-Former's outputs and give CLIP's image embedding.

    Options: ``teacher``, a transformers checkpoint of CLIP ViT-H/14 or a callable; ``quantizer``,
    ``semantic``, ``embedding``: the weights of the three losses; ``commitment``.
    """

    def __init__(self, model: SeedModel, config: SeedConfig, options: Mapping[str, Any]) -> None:
        super().__init__(model, config, options)
        self.model: SeedModel
        model.requires_grad_(False)
        teacher = options["teacher"]
        self.teacher: Teacher = clip_teacher(teacher) if isinstance(teacher, str) else teacher
        self.commitment = float(options.get("commitment", 0.25))
        self.weights = {
            "quantizer": float(options.get("quantizer", 5.0)),
            "semantic": float(options.get("semantic", 2.0)),
            "embedding": float(options.get("embedding", 0.5)),
        }
        given = config.decoder
        self.semantic = Blocks(config.queries, config.qformer.width, given.depth, given.heads)
        parts = [model.encoder.head, model.quantizer, model.decoder, self.semantic]
        self.parts = nn.ModuleList(parts).requires_grad_(True)

    @property
    def trained(self) -> nn.Module:
        """Task layers, codebook, decoder and the branch that only training has."""
        return self.parts

    def forward(self, batch: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        """Images [b, 3, h, w] uint8 -> losses."""
        losses = self.losses(normalised(batch))
        total = sum(self.weights[name] * loss for name, loss in losses.items())
        return {"loss": torch.as_tensor(total), **losses}

    def losses(self, images: Tensor) -> dict[str, Tensor]:
        """Normalised images -> the three losses, not yet weighted."""
        model = self.model
        with torch.no_grad():
            queries = model.encoder.queries(images)
            target = self.teacher(images)
        vectors = model.encoder.head(queries)
        rows = model.quantizer.vectors(model.quantizer.ids(vectors))
        quantized = vectors + (rows - vectors).detach()  # gradients pass straight through
        tokens = model.decoder.task(quantized)
        rebuilt = self.semantic(tokens)
        embedding = model.decoder.head(model.decoder.trunk(tokens))
        return {
            "quantizer": F.mse_loss(vectors, rows.detach())
            + self.commitment * F.mse_loss(rows, vectors.detach()),
            "semantic": 1 - F.cosine_similarity(rebuilt, queries, dim=-1).mean(),
            "embedding": F.mse_loss(embedding, target),
        }

    @torch.no_grad()
    def validate(self, items: Tensor) -> dict[str, float]:
        """The losses, and the share of the codebook in use."""
        images = normalised(items.to(self.device))
        ids = self.model.quantizer.ids(self.model.encoder(images))
        share = len(ids.unique()) / len(self.model.quantizer.rows)
        return {name: float(loss) for name, loss in self.losses(images).items()} | {"used": share}


def clip_teacher(name: str) -> Teacher:
    """Image embeddings of a CLIP model, with transformers; upstream takes ViT-H/14 (laion2B)."""
    from transformers import CLIPVisionModelWithProjection

    network = CLIPVisionModelWithProjection.from_pretrained(name).eval().requires_grad_(False)
    return _ClipTeacher(network)


class _ClipTeacher(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network(pixel_values=images).image_embeds


OBJECTIVES: dict[str, type[Objective]] = {
    "causal": CausalObjective,
    "codebook": CodebookObjective,
    "picture": PictureObjective,
}
