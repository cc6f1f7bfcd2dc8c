"""Is it still the same voice? The cosine of two x-vectors."""

from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cosine_similarity

from .base import Column, SampleMetric, Unmeasurable
from .feature_distance import digest
from .listening import RATE, from_folder
from .pair import Pair
from .pesq import at_rate


class SpeakerSimilarity(SampleMetric):
    """The similarity of speakers by a network with x-vectors, such as wavlm-base-plus-sv."""

    columns = {"speaker": Column("cosine", True)}
    package = "transformers"

    def __init__(self, folder: Path | None, device: str = "cpu") -> None:
        """Load the network.

        Raises:
            CheckpointUnavailableError: saying what is missing.
        """
        from transformers import AutoFeatureExtractor, AutoModelForAudioXVector

        loaders = {
            "extractor": AutoFeatureExtractor.from_pretrained,
            "network": AutoModelForAudioXVector.from_pretrained,
        }
        found = from_folder("speaker", "--speaker", folder, loaders)
        self.extractor, self.device = found["extractor"], device
        self.network = found["network"].eval().to(device)
        self.name = "" if folder is None else folder.resolve().name
        self._digest = digest(self.network)

    @property
    def settings(self) -> dict[str, Any]:
        """What the figures depend on."""
        return {
            "model": f"{type(self.network).__name__} {self.name}",
            "weights_digest": self._digest,
            "rate": RATE,
            "channels": "mean",
        }

    @torch.no_grad()
    def measure(self, pair: Pair) -> dict[str, float]:
        """A value per column."""
        vectors = []
        for sound in at_rate(pair, RATE):
            inputs = self.extractor(sound.numpy(), sampling_rate=RATE, return_tensors="pt")
            try:
                vectors.append(self.network(**inputs.to(self.device)).embeddings[0].float())
            except RuntimeError as error:  # too short for its convolutions
                reason = str(error).splitlines()[0]
                raise Unmeasurable("TooShort", reason) from error
        return {"speaker": float(cosine_similarity(vectors[0], vectors[1], dim=0))}
