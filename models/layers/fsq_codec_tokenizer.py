"""What the tokenizers over :class:`FsqCodecParts` share: layout, spectra, lengths."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import pad

from zoo.audio_tokenizer import AudioTokenizer, row_mask
from zoo.engine.noise import Noise
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .fsq_codec import TRANSFORMERS, FsqCodecConfig, FsqCodecParts, spectrum


class FsqCodecTokenizer(AudioTokenizer):
    """One slot; a position's id names a point of a grid."""

    formats = {"transformers": TRANSFORMERS}
    encode_parts = ("semantic_encoder", "semantic_adapter", "acoustic_encoder", "fc_encoder")
    decode_parts = ("acoustic_decoder",)
    compiled_parts = ("acoustic_encoder",)
    feature_kinds = ("latents",)
    vector_kinds = ("latents", "codes")
    ragged = True
    mixed_lengths = True
    shortest: ClassVar[int] = 0
    """Samples to which a shorter sound is continued with zeros."""

    config: FsqCodecConfig
    module: FsqCodecParts

    @abstractmethod
    def _heard(self, sound: Tensor) -> Tensor:
        """What the speech encoder hears [samples] of a sound of whole hops."""

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        latents, positions = self._latents(batch, lengths)
        return Encoded(self.module.ids(latents), positions)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> list[Tensor]:
        return self.module.sound(self.module.vectors(codes.clamp(min=0)), lengths)

    def codebook(self, slot: int = 0) -> Tensor:
        """The grid [ids, dimension], values in -1..1."""
        return self.module.quantizer.quantizer.codebook

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        latents, positions = self._latents(batch, lengths)
        mask = row_mask(positions, latents.shape[1])
        return Vectors(latents * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        mask = tokens.codes[:, 0] >= 0
        rows = self.codebook()[tokens.codes[:, 0].clamp(min=0)]
        found = rows if kind == "codes" else self.module.quantizer.project_out(rows)
        return Vectors(found * mask[..., None], mask)

    def _whole(self, lengths: Tensor) -> Tensor:
        """Samples [item] that are encoded: always filled up, by a whole hop where none is begun."""
        hop = self.config.hop
        return (lengths.clamp(min=self.shortest) // hop + 1) * hop

    def _latents(self, batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, position, width], and how many positions each item has."""
        assert self.sample_rate is not None
        whole = self._whole(lengths)
        sound = pad(batch, (0, int(whole.max()) - batch.shape[-1]))
        spectra = [
            spectrum(self._heard(one[0, :samples]), self.sample_rate)
            for one, samples in zip(sound, whole.tolist(), strict=True)
        ]
        positions = torch.tensor([len(one) for one in spectra], device=batch.device)
        return self.module.latents(sound.to(self.dtype), whole, spectra), positions
