"""Semantic units as a tokenizer."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.audio_tokenizer import AudioTokenizer, row_mask
from zoo.engine.noise import Noise
from zoo.errors import NotSupportedError
from zoo.media import Media
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from ..layers.speech_encoder import frames
from .config import UnitsConfig
from .keys import FORMATS, centroids
from .model import Units


class UnitTokenizer(AudioTokenizer):
    """One slot per layer, each the nearest of the layer's centroids.

    Source: Hsu et al. 2021, arXiv 2106.07447; ids as speechbrain's DiscreteSSL gives them.
    """

    config_type = UnitsConfig
    formats = FORMATS
    converters = {"kmeans": centroids}
    encode_parts = ("encoder",)
    decode_parts = ("vocoder",)
    compiled_parts = ("vocoder",)
    feature_kinds = ("hidden",)
    vector_kinds = ("centers",)
    ragged = True

    config: UnitsConfig
    module: Units

    @classmethod
    def build(cls, config: UnitsConfig) -> Units:
        """Construct encoder, centroids and, where there is one, the vocoder."""
        return Units(config)

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        states, positions = self.module.hidden(batch[:, 0].to(self.dtype), lengths, prefix)
        return Encoded(self.module.ids(states), positions)

    def decode(self, tokens: Tokens, **arguments: Any) -> Media:
        """Turn units back into sound, where the checkpoint has a vocoder.

        Raises:
            NotSupportedError: where it has none, with what else can be done.
        """
        if not self.card.can_decode:
            raise NotSupportedError(
                f"{self.name} has no vocoder, so its units have no sound of their own; "
                "tok.vectors(tokens) gives their centroids, and wavlm-large-units decodes"
            )
        return super().decode(tokens, **arguments)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> Tensor:
        vocoder = self.module.vocoder
        assert vocoder is not None
        absent, positions = len(self.config.layers) - codes.shape[1], codes.shape[2]
        codes = pad(codes, (0, 0, 0, absent), value=-1)
        # Mirrors need some positions: a shorter item goes on with its last, and is cut again.
        last = codes[:, :, -1:].expand(-1, -1, max(0, vocoder.shortest - positions))
        sound = vocoder(torch.cat([codes, last], dim=2))
        return sound[..., : sound.shape[-1] * positions // (positions + last.shape[2])]

    def _count(self, prepared: Tensor) -> int:
        """Windows of 400 samples at every 320; at least one."""
        return max(1, frames(prepared.shape[1]))

    def codebook(self, slot: int = 0) -> Tensor:
        """The centroids [ids, width] of a layer."""
        return self.module.centers[str(self.config.layers[slot])]

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        states, positions = self.module.hidden(batch[:, 0].to(self.dtype), lengths)
        mask = row_mask(positions, states[0].shape[1])
        return Vectors(torch.cat(states, dim=-1) * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        parts = [
            self.codebook(slot)[ids.clamp(min=0)] * (ids >= 0)[..., None]
            for slot, ids in enumerate(tokens.codes.unbind(1))
        ]
        return Vectors(torch.cat(parts, dim=-1), tokens.codes[:, 0] >= 0)
