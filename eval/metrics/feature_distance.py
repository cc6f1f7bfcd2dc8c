"""The distances of FID on features of another network: never called FID."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

import zoo
from zoo.errors import CheckpointUnavailableError, NotSupportedError
from zoo.media import Media
from zoo.media.image import to_uint8

from .distances import frechet_entry, frechet_infinity_entry, kernel_entry
from .sets import SetMetric


class FeatureDistance(SetMetric, ABC):
    """``fd_NAME``, ``fd_infinity_NAME`` and ``mmd_NAME`` on some network's features."""

    name: str

    def figures(self, reference: Tensor, decoded: Tensor) -> dict[str, dict[str, Any]]:
        """Frechet distance, the same at infinity, and the kernel distance."""
        return {
            f"fd_{self.name}": frechet_entry(reference, decoded),
            f"fd_infinity_{self.name}": frechet_infinity_entry(reference, decoded),
            f"mmd_{self.name}": kernel_entry(reference, decoded),
        }

    @abstractmethod
    def features(self, items: Sequence[Tensor]) -> Tensor:
        """[item, dim] of canonical items."""


class TokenizerFeatures(FeatureDistance):
    """Features before quantisation of one of the zoo's tokenizers, averaged over positions."""

    def __init__(self, name: str, device: str) -> None:
        """Load the tokenizer.

        Raises:
            ZooError: as ``zoo.load``; NotSupportedError for one without features.
        """
        self.tok = zoo.load(name, device=device, only="encode")
        if not self.tok.feature_kinds:
            raise NotSupportedError(f"{self.tok.name} has no features to measure a distance by")
        self.name = self.tok.name.replace("-", "_")

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {
            "features": f"zoo:{self.tok.name} {self.tok.feature_kinds[0]}, mean over positions",
            "space": self.tok.space,
        }

    def features(self, items: Sequence[Tensor]) -> Tensor:
        """[item, dim] of canonical items."""
        found = self.tok.features(Media(self.tok.modality, items, rate=self.tok.sample_rate))
        mask = found.mask[..., None].to(found.tensor)
        return ((found.tensor * mask).sum(1) / mask.sum(1)).float().cpu()


class TransformersFeatures(FeatureDistance):
    """A picture's embedding by a network of ``transformers``: DINOv2, CLIP, SigLIP, ...

    Projected image features where the network has them, else the pooled output, with the
    network's own preparation.
    """

    package = "transformers"

    def __init__(self, source: str, device: str) -> None:
        """Load the network from a folder or the Hub.

        Raises:
            CheckpointUnavailableError: if it cannot be had.
        """
        from transformers import AutoImageProcessor, AutoModel

        try:
            self.processor = AutoImageProcessor.from_pretrained(source)
            self.network = AutoModel.from_pretrained(source).eval().to(device)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise CheckpointUnavailableError(f"--features hf:{source}: {reason}") from error
        self.device = device
        self.name = source.rstrip("/").rpartition("/")[2].replace("-", "_").replace(".", "_")

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        revision = getattr(self.network.config, "_commit_hash", None)
        return {
            "features": f"{type(self.network).__name__} {self.name}",
            "revision": revision,
            "weights_digest": digest(self.network),
        }

    @torch.no_grad()
    def features(self, items: Sequence[Tensor]) -> Tensor:
        """[item, dim] of canonical items."""
        pictures = [Image.fromarray(to_uint8(x).permute(1, 2, 0).numpy()) for x in items]
        inputs = self.processor(images=pictures, return_tensors="pt").to(self.device)
        if hasattr(self.network, "get_image_features"):
            found = self.network.get_image_features(**inputs)
        else:
            found = self.network(**inputs)
        pooled = found if isinstance(found, Tensor) else found.pooler_output
        return pooled.float().cpu()


def digest(network: torch.nn.Module) -> str:
    """A hash of all weights, whatever files they came from."""
    total = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        total.update(name.encode())
        total.update(tensor.cpu().flatten().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


def feature_distance(spec: str, device: str) -> FeatureDistance:
    """``zoo:NAME`` or ``hf:SOURCE`` as a metric.

    Raises:
        ZooError: for another form, and for what cannot be loaded.
    """
    kind, _, source = spec.partition(":")
    makers = {"zoo": TokenizerFeatures, "hf": TransformersFeatures}
    if kind not in makers or not source:
        raise NotSupportedError(f"--features {spec}: expected zoo:NAME or hf:FOLDER")
    return makers[kind](source, device)
