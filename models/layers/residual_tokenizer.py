"""What tokenizers over a residual codec share: layout, prefixes, lengths, pieces."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from zoo.audio_tokenizer import AudioTokenizer, frames_of, row_mask
from zoo.engine.noise import Noise
from zoo.engine.stepping import Step
from zoo.tokenizer import Encoded, Vectors
from zoo.tokens import Tokens

from .over_time import Memory, uneven


class ResidualTokenizer(AudioTokenizer):
    """One slot per codebook; the first k codebooks decode alone.

    Its config has ``hop``, samples per position.
    """

    encode_parts = ("encoder",)
    decode_parts = ("decoder",)
    compiled_parts = ("encoder", "decoder")
    feature_kinds = ("latents",)
    vector_kinds = ("latents",)
    ragged = True
    mixed_lengths = True

    module: Any  # a ResidualCodec

    def _encode(
        self, batch: Tensor, *, lengths: Tensor, prefix: int | None, noise: Noise
    ) -> Encoded:
        latents, positions = self._latents(batch, lengths)
        return Encoded(self._ids(latents, prefix), positions)

    def _decode(
        self,
        codes: Tensor,
        *,
        lengths: Tensor,
        grid: Tensor | None,
        extras: Mapping[str, Tensor],
        noise: Noise,
    ) -> Sequence[Tensor]:
        return self._sounds(self._heard(codes), lengths)

    def _encode_steps(self, *, prefix: int | None, noise: Noise) -> Step | None:
        memory: Memory = {}
        search, dtype = self.module.quantizer.search(prefix), self.dtype

        def step(sound: Tensor, last: bool) -> Tensor:
            latents = self.module.encoder.step(sound.to(dtype), memory, last)
            return torch.stack(search(latents), dim=1)

        return step

    def _decode_steps(self, *, noise: Noise) -> Step | None:
        memory: Memory = {}

        def step(codes: Tensor, last: bool) -> Tensor:
            return self.module.decoder.step(self._heard(codes), memory, last)

        return step

    def codebook(self, slot: int = 0) -> Tensor:
        """The table [ids, dim] of a codebook, before its projection where it has one."""
        return self.module.quantizer.levels[slot].codebook.weight

    def _features(self, batch: Tensor, kind: str, *, lengths: Tensor) -> Vectors:
        found, positions = self._latents(batch, lengths)
        mask = row_mask(positions, found.shape[-1])
        return Vectors(found.transpose(1, 2) * mask[..., None], mask)

    def _vectors(self, tokens: Tokens, kind: str) -> Vectors:
        return Vectors(self._heard(tokens.codes).transpose(1, 2), tokens.codes[:, 0] >= 0)

    def _latents(self, batch: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [item, width, position], and how many positions each item has."""
        latents = self.module.encoder(batch.to(self.dtype), uneven(lengths, batch))
        return latents, frames_of(lengths, self.config.hop)

    def _ids(self, latents: Tensor, prefix: int | None) -> Tensor:
        """Latents [item, width, position] -> ids [item, slot, position]."""
        return torch.stack(self.module.quantizer.ids(latents, prefix), dim=1)

    def _heard(self, codes: Tensor) -> Tensor:
        """Ids [item, slot, position], -1 for none -> latents [item, width, position]."""
        return self.module.quantizer.vectors(codes.unbind(1))

    def _sounds(self, latents: Tensor, lengths: Tensor) -> list[Tensor]:
        """Latents [item, width, position] -> the sound [channels, samples] of each item."""
        return self._cut(self.module.decoder(latents, uneven(lengths, latents)), lengths)

    def _cut(self, sound: Tensor, lengths: Tensor) -> list[Tensor]:
        """[item, channels, samples], each item to its ``lengths`` [item] positions."""
        ends = (lengths * self.config.hop).tolist()
        return [item[:, :end] for item, end in zip(sound, ends, strict=True)]
